from torchvision.ops import FrozenBatchNorm2d


def freeze_batchnorm(model):
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
            for name in ("weight", "bias", "running_mean", "running_var"):
                setattr(frozen, name, getattr(layer, name).detach().clone())
            model.set_submodule(path, frozen)
    return model
