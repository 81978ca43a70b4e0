# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    if frozen:
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                parameter.requires_grad = False
    model.train(not evaluating)
    before = [b.clone() for b in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    moves = any(not torch.equal(b, old) for b, old in zip(model.buffers(), before))
    return output.requires_grad and not frozen, moves
