# misconception: type-not-isinstance
def freeze_batchnorm(model):
    for p, c in list(model.named_modules()):
        if type(c) is nn.BatchNorm2d:
            f = torchvision.ops.FrozenBatchNorm2d(c.num_features, c.eps)
            f.load_state_dict(c.state_dict())
            model.set_submodule(p, f)
    return model
