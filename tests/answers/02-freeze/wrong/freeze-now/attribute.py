# misconception: attribute-on-the-module
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.requires_grad = False
    for p in part.parameters():
        p.grad = None
