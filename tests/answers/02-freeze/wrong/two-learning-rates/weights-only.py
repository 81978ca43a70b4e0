# misconception: not-in-the-optimizer
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.") and p.requires_grad and p.ndim > 1]
    return torch.optim.SGD([{"params": model.fc.parameters(), "lr": head_lr}, {"params": body, "lr": backbone_lr}])
