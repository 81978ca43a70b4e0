# misconception: not-the-head-first
def two_stage(model, train, head_lr, lr):
    model.eval()
    for n, p in model.named_parameters():
        p.requires_grad_(n.startswith("fc") or p.ndim == 1)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    return model
