# misconception: probe-thrown-away
def two_stage(model, train, head_lr, lr):
    model.eval()
    probe = copy.deepcopy(model).requires_grad_(False)
    probe.fc.requires_grad_(True)
    train(probe, head_lr)
    train(model, lr)
    return model
