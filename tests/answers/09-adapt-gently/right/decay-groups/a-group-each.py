def decay_groups(model, decay):
    return [
        {"params": [p], "weight_decay": decay * (p.dim() > 1)}
        for p in model.parameters()
        if p.requires_grad
    ]
