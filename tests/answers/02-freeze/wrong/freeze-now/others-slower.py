# misconception: wrong-learning-rate
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.zero_grad()
    part.requires_grad_(False)
    for group in optimizer.param_groups:
        group["lr"] = group["lr"] / 10
