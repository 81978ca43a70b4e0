# misconception: gradients-of-others-cleared
def freeze_now(model, optimizer, path):
    optimizer.zero_grad(set_to_none=False)
    for p in model.get_submodule(path).parameters():
        p.requires_grad = False
        p.grad = None
