# misconception: eval-before-train
def freeze_batchnorm(model):
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval().requires_grad_(False)
    return model
