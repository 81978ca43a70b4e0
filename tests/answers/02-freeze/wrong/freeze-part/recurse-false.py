# misconception: prefix-matches-nothing
def freeze_part(model, path):
    for p in model.get_submodule(path).parameters(recurse=False):
        p.requires_grad = False
    return model
