# misconception: only-batchnorm2d
def batchnorm_paths(model):
    return [path for path, layer in model.named_modules() if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))]
