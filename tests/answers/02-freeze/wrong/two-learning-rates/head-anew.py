# misconception: model-left-changed
def two_learning_rates(model, head_lr, backbone_lr):
    model.fc.reset_parameters()
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.") and p.requires_grad]
    return torch.optim.SGD([{"params": body, "lr": backbone_lr}, {"params": model.fc.parameters(), "lr": head_lr}])
