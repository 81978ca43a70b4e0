# misconception: not-the-head-first
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad = False
    model.fc.requires_grad = True
    train(model, head_lr)
    model.requires_grad = True
    train(model, lr)
    return model
