# misconception: part-not-frozen
def freeze_part(model, path):
    model.get_submodule(path).requires_grad_
    return model
