# misconception: wrong-result
def percent_saved(model, n):
    total = sum(p.numel() for p in model.parameters())
    return round(100 * (1000 - n) * (model.fc.in_features + 1) / total, 4)
