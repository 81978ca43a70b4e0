"""What three backbones are worth on images that nobody here drew, and on our own for comparison.

The features are frozen, and scikit-learn's logistic regression is trained on them. The backbones
are the bundled ResNet-18, one with random weights, and EfficientNet-Lite0 with ImageNet weights.
The pixels themselves, without a network, stand beside them.

    pip install scikit-image
    python -m pretraining.real    # about five minutes on two cores

It writes weights/real.json. scikit-image is needed for the faces alone.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchvision
from PIL import Image, ImageOps
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F

from course.paths import PHOTOGRAPHS
from course.vision import photos
from course.vision.backbones import load_backbone, outputs_of
from course.vision.fruit import stall
from pretraining.train import WEIGHTS

SEEDS = range(10)
SIZE = 64  # pixels; what the bundled network takes
STRENGTHS = (1e-3, 1e-2, 1e-1)  # C of the logistic regression
MOST = 600  # images of a target
FILE = WEIGHTS / "real.json"


class Target(NamedTuple):
    """Images, their labels, and how many of them train the head."""

    images: Tensor  # uint8 (N, 3, H, W)
    labels: Tensor  # (N,)
    training: int


# ---- images --------------------------------------------------------------------------------------


def digits() -> Target:
    """600 digits that people wrote: 8 x 8 grey values, enlarged. They come with scikit-learn."""
    read = load_digits()
    small = torch.from_numpy(read.images[:MOST])[:, None] / 16  # (N, 1, 8, 8), from 0 to 1
    return Target(as_images(small), torch.from_numpy(read.target[:MOST]), 200)


def faces() -> Target:
    """100 faces and 100 other crops of 25 x 25 grey values, enlarged. scikit-image has them."""
    from skimage.data import lfw_subset

    small = torch.from_numpy(lfw_subset())[:, None]  # (200, 1, 25, 25), from 0 to 1
    return Target(as_images(small), torch.arange(200) // 100, 100)


def photographs() -> Target:
    """The photographs that come with the course: birds, flowers, hooves and paws."""
    files = [file for file in sorted(PHOTOGRAPHS.glob("*/*")) if "edited" not in file.name]
    classes = sorted({file.parent.name for file in files})
    labels = torch.tensor([classes.index(file.parent.name) for file in files])
    return Target(torch.stack([squared(file) for file in files]), labels, 48)


def fruit() -> Target:
    """Ten fruits of our own stall."""
    parts = stall("train", 200), stall("test", MOST - 200)
    return Target(
        torch.cat([part.images for part in parts]), torch.cat([part.fruit for part in parts]), 200
    )


def as_images(small: Tensor) -> Tensor:
    """Return grey values (N, 1, H, W) from 0 to 1 as images, uint8 (N, 3, 64, 64)."""
    enlarged = F.interpolate(small.float(), size=(SIZE, SIZE), mode="bicubic", antialias=True)
    return (255 * enlarged.clamp(0, 1)).round().byte().expand(-1, 3, -1, -1)


def squared(file: Path, side: int = 160) -> Tensor:
    """Return a photograph, uint8 (3, side, side), in the middle of a white square."""
    photo = ImageOps.exif_transpose(Image.open(file)).convert("RGBA")
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(photo, ((side - photo.width) // 2, (side - photo.height) // 2))
    return torch.from_numpy(np.array(square.convert("RGB"))).permute(2, 0, 1)


TARGETS: dict[str, Callable[[], Target]] = {
    "handwritten digits": digits,
    "face or no face": faces,
    "photographs": photographs,
    "ten fruits": fruit,
}

# ---- features ------------------------------------------------------------------------------------


def bundled(images: Tensor, seed: int) -> Tensor:
    """Return the features (N, 512) of the course's own network."""
    model, preprocess = load_backbone()
    model.fc = nn.Identity()
    return outputs_of(model, images, preprocess)


def untrained(images: Tensor, seed: int) -> Tensor:
    """Return the features (N, 512) of a ResNet-18 with the random weights of this seed."""
    torch.manual_seed(seed)
    model = torchvision.models.resnet18()
    model.fc = nn.Identity()
    return outputs_of(model.eval(), images, load_backbone()[1])


def imagenet(images: Tensor, seed: int) -> Tensor:
    """Return the features (N, 1280) of EfficientNet-Lite0 with its ImageNet weights."""
    backbone = photos.load_backbone("efficientnet_lite0")
    return outputs_of(backbone.model, images, backbone.transform)


def pixels(images: Tensor, seed: int) -> Tensor:
    """Return images of 16 x 16 pixels, flat: (N, 768)."""
    return F.adaptive_avg_pool2d(images.float(), 16).flatten(1)


FEATURES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "our backbone": bundled,
    "random backbone": untrained,
    "ImageNet weights": imagenet,
    "pixels": pixels,
}
SEEDED = (untrained,)  # another network for each seed

# ---- accuracy ------------------------------------------------------------------------------------


def accuracy(features: Tensor, target: Target, seed: int) -> float:
    """Return the test accuracy of logistic regression on features (N, D).

    `seed` draws the training images, with the same share of each class; all others are the test
    set. Four folds of the training images choose the strength of the penalty.
    """
    x, y = features.numpy(), target.labels.numpy()
    train, test = train_test_split(
        range(len(y)), train_size=target.training, stratify=y, random_state=seed
    )
    head = GridSearchCV(LogisticRegression(max_iter=200), {"C": STRENGTHS}, cv=4)
    model = make_pipeline(StandardScaler(), head).fit(x[train], y[train])
    return model.score(x[test], y[test])


def measure() -> dict[str, dict[str, list[float]]]:
    """Return {target: {features: test accuracies over ten seeds}}, and print each."""
    found: dict[str, dict[str, list[float]]] = {}
    for what, read in TARGETS.items():
        target = read()
        found[what] = {}
        for name, features_of in FEATURES.items():
            scores = []
            features = None
            for seed in SEEDS:
                if features is None or features_of in SEEDED:
                    features = features_of(target.images, seed)
                scores.append(round(accuracy(features, target, seed), 4))
            found[what][name] = scores
            print(f"| {what} | {name} | {sum(scores) / len(scores):.3f} |", flush=True)
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(measure(), indent=1) + "\n")
