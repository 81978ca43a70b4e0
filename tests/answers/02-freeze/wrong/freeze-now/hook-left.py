# misconception: model-left-changed
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.requires_grad, p.grad = False, None
    model.register_forward_hook(lambda m, a, o: o * 1.0)
