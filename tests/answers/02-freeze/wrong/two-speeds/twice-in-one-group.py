# misconception: parameter-twice
def two_speeds(model, head_rate, backbone_rate):
    head = list(model.fc.parameters())
    body = [p for module in model.modules() for p in module.parameters() if all(p is not q for q in head)]  # each level lists it again
    return torch.optim.SGD([{"params": head, "lr": head_rate}, {"params": body, "lr": backbone_rate}])
