# misconception: optimizer-made-anew
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.requires_grad, p.grad = False, None
    optimizer.state.clear()
