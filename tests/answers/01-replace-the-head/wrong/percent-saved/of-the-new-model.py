# misconception: wrong-result
def percent_saved(model, n):
    old = sum(p.numel() for p in model.parameters())
    new = old - (1000 - n) * (model.fc.in_features + 1)
    return 100 * (old - new) / new
