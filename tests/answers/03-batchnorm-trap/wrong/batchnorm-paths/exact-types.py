# misconception: type-not-isinstance
def batchnorm_paths(model):
    return [p for p, m in model.named_modules() if type(m) in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)]
