# misconception: in-features-from-memory
def percent_saved(model, n):
    return 100 * (1000 - n) * 513 / sum(p.numel() for p in model.parameters())
