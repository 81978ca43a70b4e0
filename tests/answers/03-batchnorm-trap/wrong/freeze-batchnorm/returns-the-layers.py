# misconception: wrong-result
def freeze_batchnorm(model):
    replaced = []
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            model.set_submodule(path, frozen)
            replaced.append(frozen)
    return replaced
