# misconception: frozen-batchnorm-not-copied
def freeze_batchnorm(model):
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.weight = layer.weight.data
            frozen.bias = layer.bias.data
            frozen.running_mean = layer.running_mean
            model.set_submodule(path, frozen)
    return model
