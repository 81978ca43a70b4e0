# misconception: requires-grad-alone
def freeze_batchnorm(model):
    for c in model.modules():
        if isinstance(c, nn.BatchNorm2d):
            c.requires_grad_(False)
    return model
