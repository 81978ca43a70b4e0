# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    copied = copy.deepcopy(model).eval()
    copied.requires_grad_(False)
    copied.fc.requires_grad_(True)
    train(copied, head_lr)
    copied.requires_grad_(True)
    train(copied, lr)
    return copied
