# misconception: part-not-frozen
def freeze_now(model, optimizer, path):
    own = {id(p) for p in model.get_submodule(path).parameters()}
    for group in optimizer.param_groups:
        if any(id(p) in own for p in group["params"]):
            group["params"] = [p for p in group["params"] if id(p) not in own]
            break
