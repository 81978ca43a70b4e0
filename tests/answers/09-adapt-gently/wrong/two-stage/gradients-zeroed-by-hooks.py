# misconception: not-the-head-first
def two_stage(model, train, head_lr, lr):
    model.eval()
    handles = [p.register_hook(lambda g: g * 0) for n, p in model.named_parameters() if not n.startswith("fc")]
    train(model, head_lr)
    for h in handles: h.remove()
    train(model, lr)
    return model
