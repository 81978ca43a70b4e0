# misconception: not-in-the-optimizer
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": body, "lr": backbone_lr}, {"params": [model.fc.weight], "lr": head_lr}])
