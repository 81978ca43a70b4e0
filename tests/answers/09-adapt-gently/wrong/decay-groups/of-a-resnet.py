# misconception: group-incomplete
def decay_groups(model, decay):
    kinds = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
    layers = [m for m in model.modules() if isinstance(m, kinds)]
    ps = list(dict.fromkeys(p for m in layers for p in m.parameters() if p.requires_grad))
    return [
        {"params": [p for p in ps if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in ps if p.ndim < 2], "weight_decay": 0.0},
    ]
