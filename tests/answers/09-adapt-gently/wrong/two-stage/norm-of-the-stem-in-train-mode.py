# misconception: norms-partly-in-train-mode
def two_stage(model, train, head_lr, lr):
    for name, m in model.named_modules():
        if name.startswith("layer") and isinstance(m, nn.BatchNorm2d):
            m.eval()
    model.requires_grad_(False); model.fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
