"""What the checks of lesson 10 try answers on: photo files, folds, a branch, groups, a file."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import ExifTags, Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image

from course.checking import networks
from course.checking.batchnorm import with_statistics_of
from course.checking.draws import generator, noise
from course.checking.misconception import Misconception, wrong_result

# ---- photo files ---------------------------------------------------------------------------------

# How a viewer turns stored pixels (3, H, W), by EXIF's number for the orientation (CIPA DC-008)
TURNS: dict[int, Callable[[Tensor], Tensor]] = {
    2: lambda x: x.flip(2),
    3: lambda x: x.rot90(2, (1, 2)),
    4: lambda x: x.flip(1),
    5: lambda x: x.transpose(1, 2),
    6: lambda x: x.rot90(-1, (1, 2)),
    7: lambda x: x.transpose(1, 2).rot90(2, (1, 2)),
    8: lambda x: x.rot90(1, (1, 2)),
}
MIRRORED = (2, 4, 5, 7)


@dataclass
class PhotoFile:
    """A file, the image that a viewer shows, and images that wrong readings give."""

    path: Path
    what: str  # for messages
    shown: Tensor  # uint8 (3, H, W)
    wrong: list[tuple[str, Tensor]] = field(default_factory=list)  # (code, image)


def scene(seed: int, height: int, width: int, channels: int = 3) -> Tensor:
    """Return a smooth image, uint8 (channels, height, width), unlike all its turned versions."""
    coarse = torch.rand(1, channels, 4, 5, generator=generator(seed))
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic").clamp(0, 1)
    return (255 * smooth[0]).round().byte()


def turned_file(folder: Path, orientation: int, seed: int, kind: str = "JPEG") -> PhotoFile:
    """Write a JPEG or PNG file whose EXIF data say how to turn it."""
    path = folder / f"orientation-{orientation}.{'jpg' if kind == 'JPEG' else 'png'}"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    to_pil_image(scene(seed, 20, 30)).save(path, kind, quality=95, exif=exif)
    stored = pil_to_tensor(Image.open(path))
    shown = TURNS[orientation](stored)
    wrong = [("orientation-ignored", stored)]
    if orientation in MIRRORED:
        wrong += [("orientation-ignored", TURNS[turn](stored)) for turn in (3, 6, 8)]
    how = "mirrored" if orientation in MIRRORED else "not mirrored"
    return PhotoFile(path, f"a {kind} with EXIF orientation {orientation} ({how})", shown, wrong)


def plain_file(folder: Path, seed: int) -> PhotoFile:
    """Write a PNG without anything special, and as large as a photo for the web."""
    path = folder / "plain.png"
    image = scene(seed, 600, 400)
    to_pil_image(image).save(path)
    return PhotoFile(path, "an RGB PNG", image)


def grey_file(folder: Path, seed: int, name: str = "grey.jpg") -> PhotoFile:
    """Write a photo with one channel."""
    path = folder / name
    to_pil_image(scene(seed, 20, 28, 1)).save(path)
    stored = pil_to_tensor(Image.open(path))  # (1, H, W)
    shown = stored.repeat(3, 1, 1)
    wrong = [("grey-has-one-channel", stored)]
    return PhotoFile(path, "a grey photo", shown, wrong)


def transparent_file(folder: Path, seed: int, grey: bool = False) -> PhotoFile:
    """Write a PNG whose left part is transparent; two parts beside it are partly transparent."""
    path = folder / f"transparent-{'grey' if grey else 'rgb'}.png"
    colours = scene(seed, 22, 30, 1 if grey else 3)
    alpha = torch.zeros(1, 22, 30, dtype=torch.uint8)
    alpha[:, :, 10:14], alpha[:, :, 14:18], alpha[:, :, 18:] = 60, 128, 255
    mode = "LA" if grey else "RGBA"
    bands = [to_pil_image(band[None]) for band in torch.cat([colours, alpha])]
    Image.merge(mode, bands).save(path)
    rgb = colours.expand(3, -1, -1).double()
    share = alpha.double() / 255
    on_white = (share * rgb + (1 - share) * 255).round().byte()
    on_black = (share * rgb).round().byte()
    wrong = [("transparency-ignored", rgb.byte()), ("transparency-ignored", on_black)]
    half = torch.where(alpha < 255, (rgb + 255) / 2, rgb).round().byte()  # not by their share
    wrong.append(("half-transparent-not-mixed", torch.where(alpha > 0, half, 255)))
    for visible in (alpha > 0, alpha > 127, alpha > 128):  # all or nothing
        wrong.append(("half-transparent-not-mixed", torch.where(visible, rgb, 255).byte()))
    return PhotoFile(path, "a PNG with transparent pixels", on_white, wrong)


def palette_file(folder: Path, seed: int) -> PhotoFile:
    """Write a PNG with a palette, one of whose colours is transparent."""
    path = folder / "palette.png"
    indices = torch.randint(4, (18, 26), generator=generator(seed), dtype=torch.uint8)
    colours = [200, 30, 30, 10, 160, 20, 40, 60, 220, 90, 10, 130]
    image = to_pil_image(indices[None])
    image = image.convert("P")
    image.putpalette(colours)
    image.putdata(indices.flatten().tolist())
    image.save(path, transparency=2)
    rgb = torch.tensor(colours, dtype=torch.uint8).view(4, 3)[indices.long()].permute(2, 0, 1)
    shown = torch.where(indices == 2, 255, rgb).byte()
    wrong = [("transparency-ignored", rgb)]
    return PhotoFile(path, "a PNG whose palette has a transparent colour", shown, wrong)


# ---- photos that belong together -----------------------------------------------------------------


def linked(count: int, together: list[list[int]]) -> Tensor:
    """Return a bool matrix (count, count): whether lists lead from one photo to the other.

    The slow specification: paths of any length, by repeated multiplication.
    """
    reach = torch.eye(count, dtype=torch.float64)
    for photos in together:
        for one in photos:
            reach[one, photos] = 1
    for _ in range(count.bit_length()):
        reach = ((reach @ reach) > 0).double()
    return reach > 0


def drawn_lists(count: int, number: int, seed: int) -> list[list[int]]:
    """Return lists of two or three different photos, drawn at random."""
    r = generator(seed)
    return [torch.randperm(count, generator=r)[: 2 + place % 2].tolist() for place in range(number)]


# ---- folds ---------------------------------------------------------------------------------------


class Telltale(nn.Module):
    """A head that tells in its logits who asks whom, and how.

    For features (B, ...), whose first column is the number of a photo, logits (B, K) hold that
    number, the head's own number, and 1 in train mode; the other columns are 0.
    """

    def __init__(self, number: int, classes: int, row: tuple[int, ...]) -> None:
        super().__init__()
        self.number, self.classes, self.row = number, classes, row
        self.one = nn.Parameter(torch.ones(()))  # so that the logits have a graph
        self.eval_only = nn.Dropout(0.5)

    def forward(self, features: Tensor) -> Tensor:
        if not isinstance(features, Tensor) or features.shape[1:] != self.row:
            got = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
            expected = ", ".join(map(str, ("n", *self.row)))
            raise wrong_result(f"a head got {got}; expected features of n photos, ({expected})")
        logits = torch.zeros(len(features), self.classes)
        logits[:, 0] = features.flatten(1)[:, 0]
        logits[:, 1] = self.number
        logits[:, 2] = float(self.training or self.eval_only.training)
        return logits * self.one


@dataclass
class Fits:
    """What `fit` was called with; each call makes the next head."""

    classes: int
    row: tuple[int, ...]  # the shape of one photo's features
    rows: list[list[int]] = field(default_factory=list)  # numbers of the photos, for each call
    labels: list[list[int]] = field(default_factory=list)
    without_gradients: int = 0  # calls under torch.no_grad()

    def fit(self, features: Tensor, labels: Tensor) -> Telltale:
        for name, given, row in (("features", features, self.row), ("labels", labels, ())):
            if not isinstance(given, Tensor):
                raise wrong_result(
                    f"`fit` got {type(given).__name__} for {name}; expected a tensor"
                )
            if given.ndim == 0 or given.shape[1:] != row:
                expected = f"({', '.join(map(str, ('n', *row)))}{'' if row else ','})"
                raise wrong_result(
                    f"`fit` got {name} of shape {tuple(given.shape)}; expected {expected} for n "
                    "photos"
                )
            dtype = torch.float32 if name == "features" else torch.int64
            if given.dtype != dtype:
                raise wrong_result(f"`fit` got {name} as {given.dtype}; expected {dtype}, as given")
        numbers = features.flatten(1)[:, 0]
        if (changed := numbers[numbers != numbers.round()]).numel():
            raise not_a_row(changed[0].item())
        self.without_gradients += not torch.is_grad_enabled()
        self.rows.append(numbers.long().tolist())
        self.labels.append(labels.tolist())
        return Telltale(len(self.rows) - 1, self.classes, self.row).train()


def not_a_row(first: float) -> Misconception:
    """Return the Misconception for a row that `fit` got and that `features` does not have.

    first: the row's first number.
    """
    return wrong_result(
        f"`fit` got a row that begins with {first:.4g}, and no row of `features` does; expected "
        "the features of other folds as they are"
    )


def numbered_features(count: int, seed: int) -> Tensor:
    """Return features (count, 5) whose first column is the number of the row."""
    features = noise(seed, count, 5)
    features[:, 0] = torch.arange(count)
    return features


# ---- a branch ------------------------------------------------------------------------------------


def old_network(name: str) -> nn.Module:
    """Return a torchvision ResNet in eval mode whose running statistics fit its images roughly.

    A forward in train mode, or with other images, moves them.
    """
    images = 1.2 * networks.images(name, 16) + 0.2
    return with_statistics_of(networks.build(name), images).eval()


# ---- groups that are drawn -----------------------------------------------------------------------


@dataclass
class Draws:
    """A metric that notes what it was called with: which photos, and whether the two fit."""

    offset: int  # prediction minus label, for every photo
    photos: list[list[int]] = field(default_factory=list)  # for each call
    values: list[float] = field(default_factory=list)
    torn: int = 0  # calls in which a prediction was not beside its label
    row: tuple[int, ...] = ()  # the shape of one photo's prediction

    def metric(self, truth: Tensor, predicted: Tensor) -> float | Tensor:
        """Return a number that depends on the photos drawn; each label is a photo's number.

        It is negative, and a tensor of shape (), where a photo has several predictions: a gain.
        """
        for name, given, row in (("truth", truth, ()), ("predicted", predicted, self.row)):
            if not isinstance(given, Tensor):
                raise wrong_result(
                    f"`metric` got {type(given).__name__} for {name}; expected a tensor"
                )
            if given.ndim == 0 or given.shape[1:] != row:
                expected = f"({', '.join(map(str, ('n', *row)))}{'' if row else ','})"
                raise wrong_result(
                    f"`metric` got {name} of shape {tuple(given.shape)}; expected {expected} for n "
                    "photos drawn"
                )
        first = predicted if predicted.ndim == 1 else predicted[:, 0]
        self.torn += first.tolist() != (truth + self.offset).tolist()
        self.photos.append(truth.tolist())
        value = float((truth.double() ** 2).mean()) if len(truth) else 0.0
        if self.row:
            value = -value
        self.values.append(value)
        return torch.tensor(value, dtype=torch.float64) if self.row else value


# ---- decisions -----------------------------------------------------------------------------------


def close_probabilities(count: int, costs: Tensor, seed: int) -> Tensor:
    """Return probabilities (count, K) for which two decisions of costs (K, D) are nearly as cheap.

    The cheapest one is clear, because its expected cost is lower by at least 0.05, which is more
    than any rounding. Of many rows, those with the smallest difference are taken.
    """
    probabilities = (2 * noise(seed, 5 * count, len(costs))).softmax(1)
    least = (probabilities.double() @ costs.double()).topk(2, largest=False).values
    difference = least[:, 1] - least[:, 0]
    nearest = difference.where(difference >= 0.05, torch.inf).argsort()[:count]
    assert difference[nearest].min() >= 0.05
    return probabilities[nearest]


# ---- a file with a card --------------------------------------------------------------------------


def small_network(card: dict) -> nn.Module:
    """Return a network for a card, with random weights and in train mode, as constructors do."""
    width, classes = card["width"], len(card["classes"])
    return nn.Sequential(
        nn.Linear(6, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(width, classes),
    )


def trained_network(card: dict, seed: int) -> nn.Module:
    """Return a network in eval mode whose running statistics are not the initial ones."""
    torch.manual_seed(seed)
    model = small_network(card).train()
    for shift in (0.3, 1.0):
        model(2 * noise(seed, 32, 6) + shift)
    return model.eval()


def write_file(tensors: dict[str, Tensor], card: dict, path: Path) -> None:
    """Write tensors and a card as the lesson's `save_model` does."""
    save_file(tensors, path, metadata={"card": json.dumps(card)})
