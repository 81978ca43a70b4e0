# misconception: stale-gradient
def freeze_now(model, optimizer, path):
    model.get_submodule(path).requires_grad_(False)
