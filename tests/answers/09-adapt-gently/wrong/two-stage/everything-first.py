# misconception: not-the-head-first
def two_stage(model, train, head_lr, lr):
    model.eval()
    train(model, lr)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    return model
