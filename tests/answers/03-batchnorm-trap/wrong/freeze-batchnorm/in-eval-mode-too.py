# misconception: model-left-changed
def freeze_batchnorm(model):
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = torchvision.ops.FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            model.set_submodule(path, frozen)
    return model.eval()
