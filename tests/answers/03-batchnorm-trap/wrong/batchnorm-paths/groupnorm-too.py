# misconception: wrong-result
def batchnorm_paths(model):
    from torch.nn.modules.batchnorm import _BatchNorm
    return [n for n, m in model.named_modules() if isinstance(m, (_BatchNorm, nn.GroupNorm))]
