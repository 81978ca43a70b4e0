# misconception: wrong-result
def batchnorm_paths(model):
    return ["model." + p for p, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
