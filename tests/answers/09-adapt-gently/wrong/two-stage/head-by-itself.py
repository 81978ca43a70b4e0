# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    model.eval()
    train(model.fc, head_lr)
    train(model, lr)
    return model
