# misconception: model-left-changed
def two_learning_rates(model, head_lr, backbone_lr):
    model.train()
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.SGD([{"params": body, "lr": backbone_lr}, {"params": model.fc.parameters(), "lr": head_lr}])
