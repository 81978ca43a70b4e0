# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not evaluating).train(not frozen)
    old = [b.clone() for b in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        y = model(images)
    return y.requires_grad, any(not torch.equal(a, b) for a, b in zip(old, model.buffers()))
