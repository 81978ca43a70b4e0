# misconception: group-incomplete
def decay_groups(model, decay):
    return [{"params": [p for p in model.parameters() if p.requires_grad and p.ndim >= 2], "weight_decay": decay}]
