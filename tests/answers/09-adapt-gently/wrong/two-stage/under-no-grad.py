# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    with torch.no_grad():
        train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
