# misconception: wrong-result
def freeze_now(model, optimizer, path):
    model.requires_grad_(True)
    part = model.get_submodule(path)
    part.zero_grad()
    part.requires_grad_(False)
