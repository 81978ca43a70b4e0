# misconception: batchnorm-left-behind
def two_stage(model, train, head_lr, lr):
    for m in model.children():
        if isinstance(m, nn.BatchNorm2d): m.eval()
    model.requires_grad_(False); model.fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
