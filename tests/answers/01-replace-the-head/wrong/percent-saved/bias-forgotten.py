# misconception: biases-not-counted
def percent_saved(model, n):
    total = sum(p.numel() for p in model.parameters())
    return 100 * (1000 - n) * model.fc.in_features / total
