def freeze_now(model, optimizer, path):
    ids = {id(p) for p in model.get_submodule(path).parameters()}
    for g in optimizer.param_groups:
        g["params"] = [p for p in g["params"] if id(p) not in ids]
