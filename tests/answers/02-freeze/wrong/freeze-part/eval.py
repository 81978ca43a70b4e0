# misconception: eval-as-freezing
def freeze_part(model, path):
    model.get_submodule(path).eval()
    return model
