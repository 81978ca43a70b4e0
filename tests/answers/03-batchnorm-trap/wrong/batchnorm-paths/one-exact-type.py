# misconception: only-batchnorm2d
def batchnorm_paths(model):
    return [path for path, layer in model.named_modules() if type(layer) is nn.BatchNorm2d]
