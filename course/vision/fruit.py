"""The fruit stall: drawn pictures of fresh and rotten fruit, 64 pixels.

They are drawn here because no collection of photographs travels with the course. A picture depends
on its collection, its seed and its index alone, and so do its labels. Sets with different seeds
share no picture.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from PIL import Image

from course.vision.drawing import develop, jpeg, photograph
from course.vision.fruit_painters import draw_fruit
from course.vision.grounds import GROUNDS
from course.vision.primitives import random_stream

DATA = Path(__file__).parent / "data"
FRUITS = (
    "apple",
    "banana",
    "lemon",
    "orange",
    "pear",
    "tomato",
    "strawberry",
    "grapes",
    "cherry",
    "pineapple",
)


class Pictures(NamedTuple):
    """Pictures and their labels."""

    images: torch.Tensor  # uint8 (N, 3, 64, 64)
    fruit: torch.Tensor  # int64 (N,), index into FRUITS
    rotten: torch.Tensor  # int64 (N,), 0 or 1


@dataclass(frozen=True)
class Collection:
    """What all pictures of one stall have in common.

    The fruits take turns, and of each fruit every `rotten_every`-th picture is rotten: a run of
    len(fruits) * rotten_every pictures holds each fruit rotten once.
    """

    title: str  # as errors name it; empty for the stall by day
    fruits: tuple[str, ...]
    splits: dict[str, tuple[int, int]]  # seed and number of pictures of each
    archive: Path  # the pictures of all splits, as JPEG files in a zip file
    archived_as: str  # the format of a picture's name in it
    rotten_every: int
    key: tuple[int, ...]  # keeps the random streams of the collections apart
    fresh_decay: tuple[float, float]
    rotten_decay: tuple[float, float]
    grounds: Sequence[Callable[..., ndarray]]
    lamp: ndarray | None  # its colour (3,); None means daylight

    def labels(self, index: int, rotten_every: int) -> tuple[int, int]:
        """(fruit, rotten) of picture `index`."""
        fruit = index % len(self.fruits)
        turn = index // len(self.fruits)
        return fruit, int(turn % rotten_every == rotten_every - 1)

    def picture(self, seed: int, index: int, rotten_every: int | None = None) -> bytes:
        """The camera's file (JPEG bytes) of picture `index` under `seed`."""
        fruit, rotten = self.labels(index, rotten_every or self.rotten_every)
        rng = random_stream(*self.key, seed, index)
        decay = rng.uniform(*(self.rotten_decay if rotten else self.fresh_decay))

        def draw(sketch):
            draw_fruit(sketch, self.fruits[fruit])

        return photograph(draw, rng, decay, grounds=self.grounds, lamp=self.lamp)

    def draw(self, seed: int, count: int, rotten_every: int | None = None) -> Pictures:
        """`count` freshly drawn pictures under `seed`, about 15 ms each."""
        rotten_every = rotten_every or self.rotten_every
        files = [self.picture(seed, index, rotten_every) for index in range(count)]
        return self._labelled(files, rotten_every)

    def read(self, split: str, count: int | None = None) -> Pictures:
        """The first `count` pictures of a split, all of them if None, from the archive.

        Raises ValueError for an unknown split or a count that the split cannot fill.
        """
        count = self.checked(split, count)
        with zipfile.ZipFile(self.archive) as archive:
            files = [archive.read(self.file_name(split, index)) for index in range(count)]
        return self._labelled(files, self.rotten_every)

    def checked(self, split: str, count: int | None) -> int:
        """The number of pictures that `count` asks of a split, all of them if None.

        Raises ValueError for an unknown split or a count that the split cannot fill.
        """
        if split not in self.splits:
            no_split = f"{self.title} has no split" if self.title else "there is no split"
            raise ValueError(f"{no_split} {split!r}: choose one of {', '.join(self.splits)}")
        total = self.splits[split][1]
        count = total if count is None else count
        if not 0 < count <= total:
            of_which = f" of {self.title}" if self.title else ""
            raise ValueError(
                f"the {split} split{of_which} holds {total} pictures: "
                f"ask for 1 to {total}, not {count}"
            )
        return count

    def write_archive(self) -> None:
        """Draw all splits anew into the archive (fruit.zip: a minute on one core)."""
        self.archive.parent.mkdir(exist_ok=True)
        part = self.archive.with_suffix(".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for split, (seed, count) in self.splits.items():
                for index in range(count):
                    entry = zipfile.ZipInfo(self.file_name(split, index))
                    archive.writestr(entry, self.picture(seed, index))
        part.replace(self.archive)

    def file_name(self, split: str, index: int) -> str:
        """Where picture `index` of a split lies in the archive."""
        fruit, rotten = self.labels(index, self.rotten_every)
        return self.archived_as.format(
            split=split,
            index=index,
            fruit=self.fruits[fruit],
            state="rotten" if rotten else "fresh",
        )

    def _labelled(self, files: list[bytes], rotten_every: int) -> Pictures:
        labels = [self.labels(index, rotten_every) for index in range(len(files))]
        fruit = torch.tensor([fruit for fruit, _ in labels])
        rotten = torch.tensor([rotten for _, rotten in labels])
        return Pictures(develop(files), fruit, rotten)


SPLITS = {"train": (11, 2000), "validation": (12, 500), "test": (13, 1000)}
STALL = Collection(
    title="",
    fruits=FRUITS,
    splits=SPLITS,
    archive=DATA / "fruit.zip",
    archived_as="{split}/{fruit}/{index:04d}-{state}.jpg",  # as torchvision's ImageFolder wants it
    rotten_every=2,
    key=(),
    fresh_decay=(0, 0.22),
    rotten_decay=(0.38, 1.0),
    grounds=GROUNDS,
    lamp=None,
)


def stall(split: str, count: int | None = None) -> Pictures:
    """Pictures of the stall by day: ten fruits on many grounds, every second picture rotten.

    split: "train" (2,000 pictures), "validation" (500) or "test" (1,000). Returns the first `count`
    of them, all if None, read from files that travel with the package.
    Raises ValueError for an unknown split or a count that the split cannot fill.
    """
    return STALL.read(split, count)


def draw_stall(seed: int, count: int) -> Pictures:
    """`count` freshly drawn pictures (about 15 ms each) of the stall under a seed of your own.

    A new seed gives a test set that nobody has seen.
    """
    return STALL.draw(seed, count)


def turned(images: torch.Tensor, quarters: torch.Tensor) -> torch.Tensor:
    """Each image of a batch (N, C, S, S) turned counter-clockwise by its own number of quarters.

    quarters: int64 (N,). Returns (N, C, S, S).
    """
    pairs = zip(images, quarters, strict=True)
    return torch.stack([torch.rot90(image, int(quarter), (1, 2)) for image, quarter in pairs])


def rephotographed(images: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """The same scenes, uint8 (N, 3, S, S), photographed again a moment later.

    The camera is a little nearer, the light and the noise are new, and so is the JPEG file.
    """
    files = [
        _photographed_again(image, random_stream(9, seed, number))
        for number, image in enumerate(images)
    ]
    return develop(files)


def _photographed_again(image, rng):
    side = image.shape[-1]
    kept = side * rng.uniform(0.94, 0.98)
    left, top = rng.uniform(0, side - kept, 2)
    crop = (left, top, left + kept, top + kept)
    scene = Image.fromarray(image.permute(1, 2, 0).numpy())
    scene = scene.resize((side, side), Image.Resampling.BICUBIC, crop)
    exposure = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.03, 3))  # (3,)
    grain = rng.normal(0, 4, (side, side, 3))
    return jpeg(np.asarray(scene) * exposure + grain, quality=80)


def thinned(labels: torch.Tensor, counts: Sequence[int]) -> torch.Tensor:
    """Indices, ascending, of the first `counts[k]` pictures of each class k.

    labels: int64 (N,), the class of each picture. This makes an uneven set of an even one.
    Raises ValueError where a class does not have that many pictures.
    """
    kept = []
    for k, count in enumerate(counts):
        of_class = (labels == k).nonzero().flatten()
        if len(of_class) < count:
            raise ValueError(f"class {k} has {len(of_class)} pictures, not {count}")
        kept.append(of_class[:count])
    return torch.cat(kept).sort().values
