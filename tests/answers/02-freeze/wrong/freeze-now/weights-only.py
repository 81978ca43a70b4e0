# misconception: biases-forgotten
def freeze_now(model, optimizer, path):
    for name, p in model.get_submodule(path).named_parameters():
        if name.endswith("weight"):
            p.requires_grad = False
            p.grad = None
