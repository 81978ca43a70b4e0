# misconception: wrong-result
def freeze_part(model, path):
    for module in model.get_submodule(path).modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach())
    return model
