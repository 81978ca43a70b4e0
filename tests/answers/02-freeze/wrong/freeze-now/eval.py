# misconception: part-not-frozen
def freeze_now(model, optimizer, path):
    model.get_submodule(path).eval()
