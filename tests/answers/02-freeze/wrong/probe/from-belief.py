# misconception: buffers-are-not-parameters
def probe(model, images, frozen, evaluating, without_grad):
    model.requires_grad_(not frozen)
    model.train(not evaluating)
    with torch.set_grad_enabled(not without_grad):
        learns = model(images).requires_grad
    return learns, learns and not evaluating  # what cannot learn cannot move
