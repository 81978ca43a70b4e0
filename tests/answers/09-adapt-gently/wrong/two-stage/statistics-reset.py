# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
