# misconception: zero-is-not-none
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.requires_grad = False
        if p.grad is not None:
            p.grad.zero_()
