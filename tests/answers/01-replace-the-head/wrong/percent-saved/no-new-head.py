# misconception: wrong-result
def percent_saved(model, n):
    head = sum(p.numel() for p in model.fc.parameters())
    return 100 * head / sum(p.numel() for p in model.parameters())
