# misconception: wrong-result
def freeze_part(model, path):
    import copy
    model = copy.deepcopy(model)
    model.get_submodule(path).requires_grad_(False)
    return model
