# misconception: batchnorm-left-behind
def batchnorm_paths(model):
    return [p for p, m in model.named_children() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
