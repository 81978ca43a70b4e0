# misconception: buffers-are-not-weights
def probe(model, images, frozen, evaluating, without_grad):
    at_rest = frozen or evaluating or without_grad
    return not at_rest, not at_rest
