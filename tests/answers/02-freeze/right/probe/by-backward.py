def probe(model, images, frozen, evaluating, without_grad):
    for p in model.parameters():
        p.requires_grad_(not frozen)
    model.train(not evaluating)
    before = [b.clone() for b in model.buffers()]
    with torch.inference_mode() if without_grad else torch.enable_grad():
        loss = model(images).mean()
    moves = not all(torch.equal(old, b) for old, b in zip(before, model.buffers()))
    try:
        loss.backward()
    except RuntimeError:
        return False, moves
    return any(p.grad is not None for p in model.parameters()), moves
