# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    model.eval().requires_grad_(False)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
