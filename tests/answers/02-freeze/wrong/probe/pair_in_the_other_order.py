# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen).train(not evaluating)
    before = [buffer.clone() for buffer in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    moves = any(not torch.equal(a, b) for a, b in zip(before, model.buffers()))
    return moves, output.requires_grad
