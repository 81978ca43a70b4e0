# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    model.train(not evaluating)
    before = [b.clone() for b in model.buffers()]
    output = model(images)
    return output.requires_grad and not without_grad, any(not torch.equal(b, old) for b, old in zip(model.buffers(), before))
