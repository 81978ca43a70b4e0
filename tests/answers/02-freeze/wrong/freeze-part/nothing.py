# misconception: nothing-returned
def freeze_part(model, path):
    model.get_submodule(path).requires_grad_(False)
