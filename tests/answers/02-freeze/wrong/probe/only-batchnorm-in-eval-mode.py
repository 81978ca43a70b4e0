# misconception: wrong-result
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    if evaluating:
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
    before = [b.clone() for b in model.buffers()]
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    return output.requires_grad, any(not torch.equal(b, old) for b, old in zip(model.buffers(), before))
