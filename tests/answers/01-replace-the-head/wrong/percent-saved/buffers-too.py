# misconception: buffers-counted
def percent_saved(model, n):
    total = sum(t.numel() for t in model.state_dict().values())
    return 100 * (1000 - n) * (model.fc.in_features + 1) / total
