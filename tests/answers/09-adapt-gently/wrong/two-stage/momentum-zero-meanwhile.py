# misconception: batch-statistics-used
def two_stage(model, train, head_lr, lr):
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    return model
