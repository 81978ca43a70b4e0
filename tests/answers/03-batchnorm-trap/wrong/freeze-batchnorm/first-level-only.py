# misconception: batchnorm-left-behind
from torchvision.ops import FrozenBatchNorm2d


def freeze_batchnorm(model):
    for name, layer in model.named_children():
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            setattr(model, name, frozen)
    return model
