# misconception: model-left-changed
def batchnorm_paths(model):
    r = [p for p, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    model.eval()
    return r
