# misconception: wrong-result
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    groups = [{"params": model.fc.parameters(), "lr": head_lr}, {"params": body, "lr": backbone_lr}]
    return torch.optim.SGD(groups, maximize=True)
