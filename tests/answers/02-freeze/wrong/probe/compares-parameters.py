# misconception: buffers-are-not-parameters
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    model.train(not evaluating)
    before = [p.clone() for p in model.parameters()]
    with torch.set_grad_enabled(not without_grad):
        out = model(images)
    return out.requires_grad, any(not torch.equal(p, b) for p, b in zip(model.parameters(), before))
