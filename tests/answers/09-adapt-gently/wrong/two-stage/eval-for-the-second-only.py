# misconception: requires-grad-alone
def two_stage(model, train, head_lr, lr):
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.eval()
    model.requires_grad_(True)
    train(model, lr)
    return model
