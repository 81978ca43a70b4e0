# misconception: wrong-result
def freeze_part(model, path):
    return model.get_submodule(path).requires_grad_(False)
