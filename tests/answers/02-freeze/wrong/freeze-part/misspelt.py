# misconception: requires-grad-misspelt
def freeze_part(model, path):
    for p in model.get_submodule(path).parameters():
        p.requires_gradient = False
    return model
