# misconception: wrong-result
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.zero_grad()
    part.requires_grad_(False)
    optimizer.step()
