# misconception: wrong-result
def batchnorm_paths(model):
    return [p for p, m in model.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and any((q.requires_grad for q in m.parameters()))]
