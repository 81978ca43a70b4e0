# misconception: only-batchnorm2d
def batchnorm_paths(model):
    norms = nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm
    return [path for path, layer in model.named_modules() if isinstance(layer, norms)]
