# misconception: wrong-result
def batchnorm_paths(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
