# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    if frozen: model.requires_grad_(False)
    if evaluating: model.eval()
    old = [b.clone() for b in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        y = model(images[: len(images) // 2])
    return y.requires_grad, any(not torch.equal(a, b) for a, b in zip(old, model.buffers()))
