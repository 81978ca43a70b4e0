# misconception: parameter-twice
def two_learning_rates(model, head_lr, backbone_lr):
    head = list(model.fc.parameters())
    body = [p for module in model.modules() for p in module.parameters() if all(p is not q for q in head)]  # each level lists it again
    return torch.optim.SGD([{"params": head, "lr": head_lr}, {"params": body, "lr": backbone_lr}])
