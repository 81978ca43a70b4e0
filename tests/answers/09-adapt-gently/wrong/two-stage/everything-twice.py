# misconception: not-the-head-first
def two_stage(model, train, head_lr, lr):
    model.eval()
    train(model, head_lr)
    train(model, lr)
    return model
