# misconception: frozen-batchnorm-not-copied
from torchvision.ops import FrozenBatchNorm2d


def freeze_batchnorm(model):
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.running_mean.copy_(layer.running_mean)
            frozen.running_var.copy_(layer.running_var)
            setattr(model, name, frozen)
        else:
            freeze_batchnorm(layer)
    return model
