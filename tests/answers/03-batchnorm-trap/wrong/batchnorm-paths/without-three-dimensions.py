# misconception: wrong-result
def batchnorm_paths(model):
    norms = nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm
    return [path for path, layer in model.named_modules() if isinstance(layer, norms)]
