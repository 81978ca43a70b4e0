# misconception: compared-with-itself
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    model.train(not evaluating)
    before = dict(model.named_buffers())
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    return output.requires_grad, any(not torch.equal(b, before[name]) for name, b in model.named_buffers())
