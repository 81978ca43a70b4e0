# misconception: batch-statistics-used
def two_stage(model, train, head_lr, lr):
    kept = {n: b.clone() for n, b in model.named_buffers()}
    model.requires_grad_(False).fc.requires_grad_(True)
    train(model, head_lr)
    model.requires_grad_(True)
    train(model, lr)
    with torch.no_grad():
        for n, b in model.named_buffers():
            b.copy_(kept[n])
    return model
