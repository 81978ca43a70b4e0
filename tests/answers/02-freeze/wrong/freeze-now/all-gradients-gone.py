# misconception: gradients-of-others-cleared
def freeze_now(model, optimizer, path):
    model.get_submodule(path).requires_grad_(False)
    optimizer.zero_grad()
