# misconception: eval-in-first-epoch-only
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.train()
    model.requires_grad_(True)
    train(model, lr)
    return model
