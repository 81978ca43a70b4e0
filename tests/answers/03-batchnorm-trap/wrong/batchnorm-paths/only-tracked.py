# misconception: wrong-result
def batchnorm_paths(model):
    family = nn.modules.batchnorm._BatchNorm
    return [path for path, layer in model.named_modules() if isinstance(layer, family) and layer.track_running_stats]
