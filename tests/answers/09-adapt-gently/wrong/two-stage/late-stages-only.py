# misconception: second-stage-frozen
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.layer4.requires_grad_(True)
    model.layer3.requires_grad_(True)
    train(model, lr)
    return model
