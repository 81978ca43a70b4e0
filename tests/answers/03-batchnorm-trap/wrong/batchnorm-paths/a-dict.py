# misconception: wrong-result
def batchnorm_paths(model):
    return {path: layer for path, layer in model.named_modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)}
