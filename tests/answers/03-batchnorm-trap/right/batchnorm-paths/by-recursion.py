def batchnorm_paths(model, prefix=''):
    out = []
    for n, c in model.named_children():
        if isinstance(c, nn.modules.batchnorm._BatchNorm):
            out.append(prefix + n)
        out += batchnorm_paths(c, prefix + n + '.')
    return out
