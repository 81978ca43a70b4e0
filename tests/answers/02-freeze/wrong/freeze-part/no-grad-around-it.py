# misconception: freezing-blocks-gradients
def freeze_part(model, path):
    part = model.get_submodule(path)
    part.forward = torch.no_grad()(part.forward)
    return model
