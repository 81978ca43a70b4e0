# misconception: attribute-on-the-module
def probe(model, images, frozen, evaluating, without_grad):
    if frozen:
        model.requires_grad = False
    model.train(not evaluating)
    before = [b.clone() for b in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    return output.requires_grad, any(not torch.equal(b, old) for b, old in zip(model.buffers(), before))
