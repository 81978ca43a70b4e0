# misconception: model-left-changed
def freeze_part(model, path):
    part = model.get_submodule(path)
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
    part.requires_grad_(False)
    return model
