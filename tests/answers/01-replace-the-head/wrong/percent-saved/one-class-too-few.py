# misconception: wrong-result
def percent_saved(model, n):
    total = sum(p.numel() for p in model.parameters())
    gone = (999 - n) * (model.fc.in_features + 1)
    return 100 * gone / total
