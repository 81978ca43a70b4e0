# misconception: batchnorm-left-behind
from torchvision.ops import FrozenBatchNorm2d


def freeze_batchnorm(model):
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(layer.num_features, layer.eps)
            frozen.load_state_dict(layer.state_dict())
            setattr(model, path, frozen)
    return model
