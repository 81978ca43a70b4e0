# misconception: model-left-changed
def decay_groups(model, decay):
    for p in model.parameters():
        if p.ndim < 2: p.requires_grad_(True)
    ps = [p for p in model.parameters() if p.requires_grad]
    return [{"params": [p for p in ps if p.ndim >= 2], "weight_decay": decay}, {"params": [p for p in ps if p.ndim < 2], "weight_decay": 0.0}]
