# misconception: biases-forgotten
def freeze_part(model, path):
    for module in model.get_submodule(path).modules():
        if getattr(module, "weight", None) is not None:
            module.weight.requires_grad = False
    return model
