# misconception: wrong-result
class Affine(nn.Module):
    def __init__(self, layer):
        super().__init__()
        scale = layer.weight.data / (layer.running_var + layer.eps).sqrt()
        self.register_buffer("scale", scale.view(-1, 1, 1))
        self.register_buffer("shift", (layer.bias.data - layer.running_mean * scale).view(-1, 1, 1))

    def forward(self, features):
        return features * self.scale + self.shift


def freeze_batchnorm(model):
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            setattr(model, name, Affine(layer))
        else:
            freeze_batchnorm(layer)
    return model
