# misconception: model-left-changed
def freeze_part(model, path):
    for p in model.get_submodule(path).parameters():
        p.requires_grad_(False).zero_()
    return model
