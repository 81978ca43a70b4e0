# misconception: wrong-result
def batchnorm_paths(model):
    return [p for p, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.affine]
