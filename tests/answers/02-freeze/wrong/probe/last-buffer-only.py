# misconception: values-left-out
def probe(model, images, frozen, evaluating, without_grad):
    if frozen: model.requires_grad_(False)
    if evaluating: model.eval()
    *_, last = [None, *model.buffers()]
    old = None if last is None else last.clone()
    with torch.set_grad_enabled(not without_grad):
        y = model(images)
    return y.requires_grad, last is not None and not torch.equal(last, old)
