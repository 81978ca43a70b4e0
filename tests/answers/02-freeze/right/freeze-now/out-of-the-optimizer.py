def freeze_now(model, optimizer, path):
    own = {id(p) for p in model.get_submodule(path).parameters()}
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in own]
