# misconception: zero-is-not-none
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.zero_grad(set_to_none=False)
    part.requires_grad_(False)
