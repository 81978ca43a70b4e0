# misconception: attribute-on-the-module
def freeze_part(model, path):
    model.get_submodule(path).requires_grad = False
    return model
