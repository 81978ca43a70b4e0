# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    for p in model.layer1.parameters():
        p.data = p.data.half().float()
    model.requires_grad_(True)
    train(model, lr)
    return model
