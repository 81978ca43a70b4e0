# misconception: wrong-result
def batchnorm_paths(model):
    family = nn.modules.batchnorm._BatchNorm, torchvision.ops.FrozenBatchNorm2d
    return {path for path, layer in model.named_modules() if isinstance(layer, family)}
