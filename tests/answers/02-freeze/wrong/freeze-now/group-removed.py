# misconception: wrong-result
def freeze_now(model, optimizer, path):
    own = {id(p) for p in model.get_submodule(path).parameters()}
    for group in list(optimizer.param_groups):
        if all(id(p) in own for p in group["params"]):
            optimizer.param_groups.remove(group)
    model.get_submodule(path).requires_grad_(False)
