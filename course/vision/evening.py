"""The fruit stall in the evening: six of its fruits by lamplight, on other grounds."""

from functools import cache

import numpy as np

from course.vision.fruit import DATA, FRUITS, Collection, Pictures
from course.vision.grounds import EVENING_GROUNDS

EVENING_FRUITS = FRUITS[:6]
EVENING = Collection(
    title="the evening stall",
    fruits=EVENING_FRUITS,
    splits={"train": (21, 600), "validation": (22, 420)},
    archive=DATA / "evening.zip",
    archived_as="{split}/{index:03d}.jpg",
    rotten_every=10,
    key=(8,),
    fresh_decay=(0, 0.2),
    rotten_decay=(0.4, 1.0),
    grounds=EVENING_GROUNDS,
    lamp=np.array([1.0, 0.74, 0.46]),
)


def evening(split: str, count: int | None = None) -> Pictures:
    """Pictures of the evening stall: six fruits by lamplight on other grounds, one in ten rotten.

    split: "train" (600 pictures) or "validation" (420). Returns the first `count` of them, all if
    None, read from files that travel with the package.
    Raises ValueError for an unknown split or a count that the split cannot fill.
    """
    count = EVENING.checked(split, count)
    return Pictures(*(part[:count].clone() for part in every_split()[split]))


@cache
def every_split() -> dict[str, Pictures]:
    """Return all pictures of each split, read once. `evening` returns copies of them."""
    return {split: EVENING.read(split) for split in EVENING.splits}


def draw_evening(seed: int, count: int, every: int = 10) -> Pictures:
    """`count` freshly drawn pictures of the evening stall under a seed of your own.

    Of each fruit, one picture in `every` is rotten.
    """
    return EVENING.draw(seed, count, every)
