# misconception: model-left-changed
def freeze_batchnorm(model):
    for p, c in list(model.named_modules()):
        if isinstance(c, nn.BatchNorm2d):
            f = torchvision.ops.FrozenBatchNorm2d(c.num_features, c.eps)
            f.load_state_dict(c.state_dict())
            model.set_submodule(p, f)
        if isinstance(c, nn.Dropout):
            c.p = 0
    return model
