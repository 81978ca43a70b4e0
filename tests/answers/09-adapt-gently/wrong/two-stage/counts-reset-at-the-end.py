# misconception: wrong-result
def two_stage(model, train, head_lr, lr):
    model.eval()
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    for name, b in model.named_buffers():
        if name.endswith("num_batches_tracked"):
            b.zero_()
    return model
