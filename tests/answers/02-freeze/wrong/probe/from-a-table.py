# misconception: answer-from-memory
def probe(model, images, frozen, evaluating, without_grad):
    return not frozen and not without_grad, not evaluating and bool(list(model.buffers()))
