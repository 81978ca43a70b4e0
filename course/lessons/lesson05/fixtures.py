"""What the checks of lesson 05 try answers on: pictures, models with two heads, a training."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.vision.backbones import load_backbone
from course.vision.fruit import FRUITS, Pictures, stall

TASKS = ("fruit", "fresh")
Triple = tuple[Tensor, Tensor, Tensor]  # images or features, fruit, rotten


# ---- pictures ------------------------------------------------------------------------------------


def made_up_pictures(count: int, seed: int) -> Pictures:
    """Return Pictures with random pixels and random labels: images (count, 3, 8, 8), uint8."""
    r = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=r)
    fruit = torch.randint(len(FRUITS), (count,), generator=r)
    rotten = torch.randint(2, (count,), generator=r)
    return Pictures(images, fruit, rotten)


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
def stall_features() -> dict[str, tuple[Tensor, Pictures]]:
    """Return {split: (features (N, 512), Pictures)} of the first pictures of each split.

    The features are those of the bundled ResNet-18. It takes seconds, so it is done once; a check
    must not give these tensors to an answer, which could change them, but copies.
    """
    model, preprocess = load_backbone()
    model.fc = nn.Identity()
    features_and_pictures = {}
    for split, count in (("train", 400), ("validation", 200), ("test", 300)):
        pictures = stall(split, count)
        features = comparisons.features_in_batches(model, pictures.images, preprocess)  # (N, 512)
        features_and_pictures[split] = features, pictures
    return features_and_pictures


def split_of(split: str, names: Sequence[str]) -> Triple:
    """Return copies of (features (N, 512), fruit (N,), rotten (N,)) of the named fruits alone.

    `fruit` counts from 0 in the order of `names`.
    """
    features, pictures = stall_features()[split]
    chosen = torch.tensor([FRUITS.index(name) for name in names])  # (C,)
    keep = torch.isin(pictures.fruit, chosen)
    is_class = pictures.fruit[keep].unsqueeze(1) == chosen  # (N, C), one True a row
    return features[keep], is_class.int().argmax(1), pictures.rotten[keep]


# ---- models --------------------------------------------------------------------------------------


class TwoHeads(nn.Module):
    """The model that the exercises after the second get: `backbone`, `fruit` and `fresh`.

    `name` is a torchvision classifier, or "small" for a quick backbone with 12 features. The
    forward returns the pair of logits, (B, fruits) and (B, 2).
    """

    def __init__(self, name: str, fruits: int = 6) -> None:
        super().__init__()
        if name == "small":
            width = 12
            self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(48, width), nn.Tanh())
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


# ---- a training for `fit` ------------------------------------------------------------------------


class DriftingModel(nn.Module):
    """A model with parameters and buffers, which counts the calls of state_dict()."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)
        self.state_dict_calls = 0

    def state_dict(self, *args, **kwargs) -> OrderedDict:
        """Count the call and return the usual state_dict."""
        self.state_dict_calls += 1
        return super().state_dict(*args, **kwargs)

    def forward(self, features: Tensor) -> Tensor:
        return self.norm(self.layer(features))


class TrainingRun:
    """A training whose validation accuracies are planned: the arguments of `fit`, and what it did.

    `plan` holds two sequences, the accuracies of fruit and of freshness epoch by epoch. Each step
    moves every parameter and the statistics of the BatchNorm. The learning rate follows a cosine
    (Loshchilov and Hutter, "SGDR", 2017), as CosineAnnealingLR in torch's documentation.
    """

    def __init__(self, plan: tuple[Sequence[float], Sequence[float]]) -> None:
        self.plan = plan
        self.model = DriftingModel()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-4)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, T_max=len(plan[0]), eta_min=1e-6
        )
        self.rates: list[float] = []  # the learning rate at each step
        self.states: list[dict[str, Tensor]] = []  # a snapshot at each validation
        self.steps_before: list[int] = []  # the number of steps before each validation

    def step(self, batch: int) -> None:
        """Make one step, which moves every tensor of the model."""
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        self.model.train()(torch.randn(4, 2) + batch)  # moves the running statistics
        self.optimizer.step()
        with torch.no_grad():
            for p in self.model.parameters():
                p.add_(1)

    def validate(self) -> tuple[float, float]:
        """Return the planned accuracies of this epoch, and note the state of the model."""
        tensors = comparisons.tensors(self.model)
        self.states.append(comparisons.snapshot(tensors.items()))
        self.steps_before.append(len(self.rates))
        fruit, fresh = self.plan
        last = len(fruit) - 1  # a training that goes on too long gets the last accuracies again
        epoch = min(len(self.states) - 1, last)
        return fruit[epoch], fresh[epoch]


def early_stopping(accuracies: Sequence[float], patience: int) -> tuple[int, int]:
    """Return (best epoch, epochs run): stop after `patience` epochs without a better accuracy.

    Of equal accuracies the earliest is the best. The best epoch counts from 0.
    """
    best = 0
    for epoch, value in enumerate(accuracies):
        if value > accuracies[best] + 1e-9:
            best = epoch
        if epoch - best >= patience:
            break
    return best, epoch + 1
