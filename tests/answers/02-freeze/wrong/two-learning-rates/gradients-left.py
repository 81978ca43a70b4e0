# misconception: model-left-changed
def two_learning_rates(model, head_lr, backbone_lr):
    rest = [p for n, p in model.named_parameters() if not n.startswith("fc.") and p.requires_grad]
    opt = torch.optim.SGD([{"params": model.fc.parameters(), "lr": head_lr}, {"params": rest, "lr": backbone_lr}])
    model(torch.zeros(2, 3, 64, 64)).sum().backward()
    return opt
