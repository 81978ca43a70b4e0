# misconception: model-left-changed
def percent_saved(model, n):
    total = sum(p.requires_grad_(False).numel() for p in model.parameters())
    return 100 * (1000 - n) * (model.fc.in_features + 1) / total
