# misconception: model-left-changed
def freeze_batchnorm(model):
    for p, old in list(model.named_modules()):
        if isinstance(old, (nn.BatchNorm2d, nn.InstanceNorm2d)) and old.running_mean is not None:
            new = torchvision.ops.FrozenBatchNorm2d(old.num_features, old.eps)
            new.load_state_dict(old.state_dict(), strict=False)
            model.set_submodule(p, new)
    return model
