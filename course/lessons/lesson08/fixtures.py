"""What the checks of lesson 08 try answers on: a small stand-in for the network, images, scores."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from course.checking.batchnorm import with_statistics_of


class SmallThreeHeads(nn.Module):
    """A quick stand-in for the capstone's model, with BatchNorm and Dropout in the backbone.

    Images (B, 3, S, S) give `width` features and the logits (species, fruit, rotten), of shapes
    (B, 20), (B, 6) and (B, 2). Code that looks for BatchNorms by "bn" or "norm" in their names, or
    for one class of them, finds a different part of the three.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, 16, 3, stride=2),
                bn1=nn.BatchNorm2d(16),
                relu1=nn.ReLU(),
                pool=nn.AdaptiveAvgPool2d(2),
                norm2=nn.BatchNorm2d(16),
                flatten=nn.Flatten(),
                linear=nn.Linear(64, width),
                bn3=nn.BatchNorm1d(width),
                relu2=nn.ReLU(),
                drop=nn.Dropout(0.1),
            )
        )
        self.species = nn.Linear(width, 20)
        self.fruit = nn.Linear(width, 6)
        self.rotten = nn.Linear(width, 2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.backbone(images)  # (B, width)
        return self.species(features), self.fruit(features), self.rotten(features)


def small_model(width: int = 64, seed: int = 3) -> SmallThreeHeads:
    """Return a SmallThreeHeads in train mode whose backbone and old head are frozen.

    Its running statistics are those of other images, so that a forward in train mode moves them.
    """
    torch.manual_seed(seed)
    model = SmallThreeHeads(width)
    images = made_up_images(64, 4, seed + 1)[0]
    with_statistics_of(model, 1.3 * images + 0.3)
    model.backbone.requires_grad_(False)
    model.species.requires_grad_(False)
    return model


def made_up_images(
    count: int,
    every: int,
    seed: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (images (count, 3, 12, 12), fruit (count,), rotten (count,)).

    A fruit is one of six colours under noise. One in `every` is rotten: it has a stain in a corner.
    """
    r = torch.Generator().manual_seed(seed)
    colours = torch.tensor(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1.0]]
    )  # (6, 3)
    numbers = torch.arange(count)
    fruit = numbers % 6
    rotten = (numbers // 6 % every == every - 1).long()
    noise = torch.randn(count, 3, 12, 12, generator=r)
    images = 2 * colours[fruit][:, :, None, None] + 0.7 * noise - 1
    images[:, :, 6:, 6:] -= 2 * rotten[:, None, None, None]
    return images, fruit, rotten


def ranking(scores: Tensor, rotten: Tensor) -> float:
    """Return the share of pairs of a rotten and a fresh image that the scores (N,) rank right.

    The rotten one must have the higher score; equal scores count half. This is the area under the
    ROC curve (Hanley and McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982).
    """
    differences = scores[rotten == 1][:, None] - scores[rotten == 0][None]  # (rotten, fresh)
    right = (differences > 0).float() + 0.5 * (differences == 0).float()
    return right.mean().item()


def scores_reached(model: SmallThreeHeads, every: int) -> dict[str, float]:
    """Return the accuracy of "fruit" and the ranking of "rotten" on 240 unseen images."""
    images, fruit, rotten = made_up_images(240, every, seed=2)
    with torch.no_grad():
        _, fruit_logits, rotten_logits = model.eval()(images)
    scores = rotten_logits[:, 1] - rotten_logits[:, 0]
    return {
        "fruit": (fruit_logits.argmax(1) == fruit).float().mean().item(),
        "rotten": ranking(scores, rotten),
    }


def tied_probabilities(count: int, positive: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return probabilities of being rotten (count,) and labels (count,), `positive` of them 1.

    The probabilities are multiples of 1/501.7: some are equal, and none is a round decimal, so
    that thresholds of two or three decimals miss the highest one.
    """
    r = torch.Generator().manual_seed(seed)
    rotten = torch.zeros(count, dtype=torch.int64)
    rotten[torch.randperm(count, generator=r)[:positive]] = 1
    probabilities = torch.sigmoid(2 * torch.randn(count, generator=r) + 2.5 * rotten - 2)
    return (500 * probabilities).round() / 501.7, rotten


def even_features(head: nn.Linear, count: int = 4001) -> tuple[Tensor, Tensor]:
    """Return features (count, C), and the probability (count,) that `head` gives the second class.

    The difference of the two logits goes from -8 to 8 in equal steps: no gap between two
    probabilities is larger than 0.0011. In all other directions the features are random.
    """
    differences = torch.linspace(-8, 8, count, dtype=torch.float64)
    with torch.no_grad():
        direction = (head.weight[1] - head.weight[0]).double()  # (C,)
        offset = (head.bias[1] - head.bias[0]).double()
    features = torch.randn(count, len(direction), dtype=torch.float64)
    wanted = differences - offset - features @ direction
    features += wanted[:, None] * direction / direction.square().sum()
    return features.float(), differences.sigmoid().float()
