"""Exercise 6 of lesson 01: the thoughts behind images that are normalised in another way."""

import torch

from course.checking.misconception import Misconception
from course.checking.values import all_near
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD


def why_wrong_input(
    found: torch.Tensor, expected: torch.Tensor, unit: torch.Tensor
) -> Misconception:
    """found: what the answer made of the pixels; unit: the pixels from 0 to 1; (B, 3, 64, 64)."""
    ranges = f"your values are between {found.min():.2f} and {found.max():.2f}"
    if all_near(found, (unit - 0.5) / 0.5, 2e-4):
        return Misconception(
            "normalised-with-a-half",
            f"{ranges}: mean and std are 0.5; expected {IMAGENET_MEAN} and {IMAGENET_STD}",
        )
    for dims, whose in (((0, 2, 3), "each batch"), ((2, 3), "each image")):
        own_mean = unit.mean(dims, keepdim=True)
        own_std = unit.std(dims, keepdim=True)
        if all_near(found, (unit - own_mean) / own_std, 1e-2):
            return Misconception(
                "normalised-with-its-own-statistics",
                f"expected mean {IMAGENET_MEAN} and std {IMAGENET_STD}; you use those of {whose}, "
                "so bright and dark images look the same to the network",
            )
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    thoughts = {
        "the pixels are not divided by 255": (255 * unit - mean) / std,
        "the pixels are divided by 256, not by 255": (unit * 255 / 256 - mean) / std,
        "the mean is not subtracted": unit / std,
        "the mean is subtracted before the pixels are divided by 255": (255 * unit - mean)
        / 255
        / std,
        "the result is multiplied by the standard deviation, not divided by it": (unit - mean)
        * std,
        "the result is divided by the square of the standard deviation": (unit - mean) / std**2,
        "mean and standard deviation are exchanged": (unit - std) / mean,
        "the pixels are divided by 255 without the fraction, which leaves 0 and 1": (
            ((unit == 1).float() - mean) / std
        ),
        "the values are clamped to -1 ... 1": ((unit - mean) / std).clamp(-1, 1),
        "the values are clamped to 0 ... 1": ((unit - mean) / std).clamp(0, 1),
        "mean and std are the same for the three colours": (unit - mean.mean()) / std.mean(),
        "the result is not divided by the standard deviation": unit - mean,
        "the pixels are only divided by 255": unit,
        "the pixels are divided by the brightest of them, not by 255": (unit / unit.max() - mean)
        / std,
        "red and blue are exchanged": (unit.flip(1) - mean) / std,
        "mean and std are in the order blue, green, red": (unit - mean.flip(0)) / std.flip(0),
    }
    for thought, values in thoughts.items():
        if all_near(found, values, 2e-4, 1e-5):
            return Misconception("wrong-input-scale", f"{ranges}: {thought}")
    wrong = ((found - expected).abs() > 2e-4) | ~found.isfinite()
    place = tuple(wrong.nonzero()[0].tolist())
    return Misconception(
        "wrong-input-scale",
        f"{int(wrong.sum()):,} of {wrong.numel():,} values are wrong; at {list(place)} expected "
        f"{expected[place]:.3f}, got {found[place]:.3f}",
    )
