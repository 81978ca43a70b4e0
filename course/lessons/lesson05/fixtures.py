"""What the checks of lesson 05 try answers on: images, features, and models with two heads."""

from collections.abc import Iterable, Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import networks
from course.vision.fruit import FRUITS, Pictures, stall
from course.vision.kept_features import STALL, stall_features

CRATE = ("apple", "lemon", "orange", "pear", "tomato", "cherry")
TASKS = ("fruit", "fresh")
WORDS = {"fruit": "fruit", "fresh": "freshness"}  # {task: what messages call it}
Triple = tuple[Tensor, Tensor, Tensor]  # images or features, fruit, rotten


# ---- images and features -------------------------------------------------------------------------


def made_up_data(count: int, seed: int, without: Iterable[str] = ()) -> Pictures:
    """Return Pictures with random pixels and labels: images (N, 3, 8, 8), uint8.

    count: how many are drawn. Those that show one of the fruits named in `without` are left out, so
    that N can be smaller.
    """
    r = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=r)
    fruit = torch.randint(len(FRUITS), (count,), generator=r)
    rotten = torch.randint(2, (count,), generator=r)
    left_out = torch.tensor([FRUITS.index(name) for name in without], dtype=torch.int64)
    keep = ~torch.isin(fruit, left_out)
    return Pictures(images[keep], fruit[keep], rotten[keep])


def made_up_batch(
    name: str,
    count: int = 8,
    seed: int = 1,
) -> Triple:
    """Return random (images, fruit, rotten) for TwoHeads(name), with six fruits.

    images: (count, 3, 4, 4) for "small", else (count, 3, 48, 48); fruit and rotten: (count,).
    """
    r = torch.Generator().manual_seed(seed)
    side = 4 if name == "small" else 48
    images = torch.randn(count, 3, side, side, generator=r)
    fruit = torch.randint(6, (count,), generator=r)
    rotten = torch.randint(2, (count,), generator=r)
    return images, fruit, rotten


@cache
def features_and_pictures() -> dict[str, tuple[Tensor, Pictures]]:
    """Return {split: (features (N, 512), Pictures)} of the first images of each split.

    The features are those of the bundled ResNet-18. A check must not give these tensors to an
    answer, which could change them, but copies.
    """
    return {
        split: (stall_features(split, count), stall(split, count)) for split, count in STALL.items()
    }


def split_of(split: str, names: Sequence[str]) -> Triple:
    """Return copies of (features (N, 512), fruit (N,), rotten (N,)) of the named fruits alone.

    `fruit` counts from 0 in the order of `names`.
    """
    features, pictures = features_and_pictures()[split]
    chosen = torch.tensor([FRUITS.index(name) for name in names])  # (C,)
    keep = torch.isin(pictures.fruit, chosen)
    is_class = pictures.fruit[keep].unsqueeze(1) == chosen  # (N, C), one True a row
    return features[keep], is_class.int().argmax(1), pictures.rotten[keep]


# ---- models --------------------------------------------------------------------------------------


def trained_backbone(name: str) -> nn.Module:
    """Return a torchvision ResNet in eval mode, with values that no new network has.

    The constructor makes BatchNorm's tensors ones and zeros. Here they are random, as after a
    training, so that a new network cannot be taken for this one.
    """
    backbone = networks.build(name).eval()
    r = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for layer in backbone.modules():
            if not isinstance(layer, nn.BatchNorm2d):
                continue
            for tensor in (layer.weight, layer.running_var):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=r))
            for tensor in (layer.bias, layer.running_mean):
                tensor.copy_(0.1 * torch.randn(tensor.shape, generator=r))
    return backbone


class TwoHeads(nn.Module):
    """The model that the exercises after the second get: `backbone`, `fruit` and `fresh`.

    `name` is a torchvision classifier, or "small" for a quick backbone with 12 features and a
    BatchNorm. The forward returns the pair of logits, (B, fruits) and (B, 2).
    """

    def __init__(self, name: str, fruits: int = 6) -> None:
        super().__init__()
        if name == "small":
            width = 12
            # no bias before the BatchNorm: its gradient would be rounding noise
            layer = nn.Linear(48, width, bias=False)
            self.backbone = nn.Sequential(nn.Flatten(), layer, nn.BatchNorm1d(width), nn.Tanh())
        else:
            self.backbone = networks.build(name)
            path, head = networks.old_head(self.backbone)
            self.backbone.set_submodule(path, nn.Identity())
            width = head.in_features
        self.fruit = nn.Linear(width, fruits)
        self.fresh = nn.Linear(width, 2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.backbone(images)  # (B, width)
        return self.fruit(features), self.fresh(features)


def model_to_count(name: str) -> TwoHeads:
    """Return a model for `times_as_many`.

    "small" has a frozen layer, buffers, and heads of several layers, so that what is counted
    besides all parameters, or is forgotten, makes a difference that shows.
    """
    model = TwoHeads(name)
    if name == "small":
        model.fruit = nn.Sequential(nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 3))
        model.backbone[1].requires_grad_(False)
    return model


def task_gradients_of(
    model: TwoHeads,
    images: Tensor,
    fruit: Tensor,
    rotten: Tensor,
) -> dict[str, tuple[Tensor, Tensor]]:
    """Return {path of a parameter: (gradient of the fruit loss, gradient of the freshness loss)}.

    Both losses are cross-entropies. A gradient is zero where a task does not reach the parameter.
    """
    fruit_logits, fresh_logits = model(images)
    losses = F.cross_entropy(fruit_logits, fruit), F.cross_entropy(fresh_logits, rotten)
    named = dict(model.named_parameters())
    gradients = {path: () for path in named}
    for loss in losses:
        found = torch.autograd.grad(loss, named.values(), retain_graph=True, allow_unused=True)
        for (path, p), gradient in zip(named.items(), found, strict=True):
            gradients[path] += (torch.zeros_like(p) if gradient is None else gradient,)
    return gradients
