# misconception: eval-as-freezing
def probe(model, images, frozen, evaluating, without_grad):
    before = [b.clone() for b in model.buffers()]
    model.requires_grad_(not frozen and not evaluating)
    model.train(not evaluating)
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    return output.requires_grad, any(not torch.equal(b, old) for b, old in zip(model.buffers(), before))
