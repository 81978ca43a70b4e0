# misconception: wrong-result
def batchnorm_paths(model):
    return [n for n, m in model.named_modules() if not list(m.children()) and isinstance(m, nn.modules.batchnorm._BatchNorm)]
