# misconception: frozen-in-a-group
def decay_groups(model, decay):
    ps = list(model.parameters())
    return [{"params": [p for p in ps if p.ndim >= 2 and p.requires_grad], "weight_decay": decay}, {"params": [p for p in ps if p.ndim < 2], "weight_decay": 0.0}]
