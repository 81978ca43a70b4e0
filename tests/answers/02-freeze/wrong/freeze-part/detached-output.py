# misconception: freezing-blocks-gradients
def freeze_part(model, path):
    part = model.get_submodule(path)
    part.register_forward_hook(lambda module, inputs, output: output.detach())
    return model
