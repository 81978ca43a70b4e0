# misconception: requires-grad-misspelt
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.require_grad = False
        p.grad = None
