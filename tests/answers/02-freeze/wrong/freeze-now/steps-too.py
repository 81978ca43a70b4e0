# misconception: model-left-changed
def freeze_now(model, optimizer, path):
    optimizer.step()
    for p in model.get_submodule(path).parameters():
        p.requires_grad = False
        p.grad = None
