# misconception: model-left-changed
def batchnorm_paths(model):
    paths = []
    for path, layer in model.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.requires_grad_(False)
            paths.append(path)
    return paths
