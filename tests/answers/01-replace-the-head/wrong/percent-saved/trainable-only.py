# misconception: frozen-not-counted
def percent_saved(model, n):
    total = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return 100 * (1000 - n) * (model.fc.in_features + 1) / total
