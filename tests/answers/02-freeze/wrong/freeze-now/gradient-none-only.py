# misconception: part-not-frozen
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.grad = None
