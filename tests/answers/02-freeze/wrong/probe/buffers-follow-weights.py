# misconception: buffers-are-not-parameters
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    model.train(not evaluating)
    with torch.set_grad_enabled(not without_grad):
        output = model(images)
    return output.requires_grad, output.requires_grad and not evaluating and len(list(model.buffers())) > 0
