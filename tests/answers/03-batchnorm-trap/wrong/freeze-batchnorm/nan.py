# misconception: frozen-batchnorm-not-copied
from torchvision.ops import FrozenBatchNorm2d


def freeze_batchnorm(model):
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            frozen.running_var = frozen.running_var.log() * float("nan")
            setattr(model, name, frozen)
        else:
            freeze_batchnorm(layer)
    return model
