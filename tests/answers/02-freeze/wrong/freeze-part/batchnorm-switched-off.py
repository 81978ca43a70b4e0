# misconception: model-left-changed
def freeze_part(model, path):
    part = model.get_submodule(path).requires_grad_(False)
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = 0.0
    return model
