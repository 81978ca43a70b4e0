"""The fruit stall: ten fruits, fresh or rotten, 64 x 64 pixels, drawn here because no photograph set travels with a course.

A picture depends on (seed, index) alone, and so do its labels: fruit `index % 10`, rotten `index // 10 % 2`. Every run of 20
pictures therefore holds each fruit fresh once and rotten once, and sets with different seeds share no picture.
"""

import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from course.vision.drawing import (
    EVENING_GROUNDS,
    ball,
    colour,
    develop,
    mix,
    photograph,
    step,
    stream,
    turn,
)

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
SPLITS = {"train": (11, 2000), "validation": (12, 500), "test": (13, 1000)}  # seed, pictures
ARCHIVE = Path(__file__).parent / "data" / "fruit.zip"
HUES = {
    "apple": [(0.97, 1.03), (0.97, 1.03), (0.20, 0.29), (0.10, 0.15)],
    "banana": [(0.12, 0.16), (0.12, 0.16), (0.18, 0.26)],
    "lemon": [(0.13, 0.165), (0.13, 0.165), (0.20, 0.28)],
    "orange": [(0.06, 0.10), (0.06, 0.10), (0.09, 0.13), (0.13, 0.20)],
    "pear": [(0.15, 0.25), (0.13, 0.18), (0.20, 0.29), (0.06, 0.10)],
    "tomato": [(0.98, 1.03), (0.98, 1.03), (0.05, 0.09), (0.20, 0.27)],
    "strawberry": [(0.96, 1.03)],
    "grapes": [(0.75, 0.90), (0.20, 0.27), (0.92, 0.98)],
    "cherry": [(0.94, 1.02), (0.94, 1.02), (0.05, 0.10)],
    "pineapple": [(0.10, 0.15)],
}  # ranges to choose from; a range named twice is twice as common


class Pictures(NamedTuple):
    """`images` uint8 (N, 3, 64, 64) · `fruit` int64 (N,), index into FRUITS · `rotten` int64 (N,), 0 or 1."""

    images: torch.Tensor
    fruit: torch.Tensor
    rotten: torch.Tensor


def stall(split, count=None):
    """The first `count` (default: all) pictures of a split: "train" (2,000), "validation" (500) or "test" (1,000).

    They come from files that travel with the package. Raises ValueError for an unknown split or a count it cannot fill.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}: choose one of {', '.join(SPLITS)}")
    total = SPLITS[split][1]
    count = total if count is None else count
    if not 0 < count <= total:
        raise ValueError(
            f"the {split} split holds {total} pictures: ask for 1 to {total}, not {count}"
        )
    with zipfile.ZipFile(ARCHIVE) as archive:
        return _gather([archive.read(file_name(split, index)) for index in range(count)])


def draw_stall(seed, count):
    """`count` freshly drawn pictures (about 15 ms each) of a seed of your own: the way to a test set that nobody has seen."""
    return _gather([picture(seed, index) for index in range(count)])


def turned(images, quarters):
    """Each image (C, S, S) of a batch turned counter-clockwise by its own number of quarter turns, `quarters` (N,)."""
    return torch.stack(
        [torch.rot90(image, int(k), (1, 2)) for image, k in zip(images, quarters, strict=True)]
    )


def rephotographed(images, seed=0):
    """The same scenes (N, 3, S, S) photographed again a moment later: a little nearer, other light, new noise, another JPEG."""
    files = []
    for number, image in enumerate(images):
        r = stream(9, seed, number)
        side = image.shape[-1]
        kept = side * r.uniform(0.94, 0.98)
        left, top = r.uniform(0, side - kept, 2)
        scene = Image.fromarray(image.permute(1, 2, 0).numpy())
        scene = scene.resize(
            (side, side), Image.Resampling.BICUBIC, (left, top, left + kept, top + kept)
        )
        pixels = np.asarray(scene) * np.exp(r.normal(0, 0.12) + r.normal(0, 0.03, 3)) + r.normal(
            0, 4, (side, side, 3)
        )
        file = io.BytesIO()
        Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8)).save(
            file, "JPEG", quality=80
        )
        files.append(file.getvalue())
    return develop(files)


def thinned(labels, counts):
    """Indices, ascending, of the first `counts[k]` pictures of each class k: an uneven set made of an even one.

    Raises ValueError where a class has not so many.
    """
    kept = []
    for k, count in enumerate(counts):
        of_class = (labels == k).nonzero().flatten()
        if len(of_class) < count:
            raise ValueError(f"class {k} has {len(of_class)} pictures, not {count}")
        kept.append(of_class[:count])
    return torch.cat(kept).sort().values


def labels(index):
    """(fruit, rotten) of picture `index`."""
    return index % len(FRUITS), index // len(FRUITS) % 2


def file_name(split, index):
    """Where a picture lies in the archive: one folder a fruit, as torchvision's ImageFolder wants it."""
    fruit, rotten = labels(index)
    return f"{split}/{FRUITS[fruit]}/{index:04d}-{'rotten' if rotten else 'fresh'}.jpg"


def picture(seed, index):
    """The camera's file (JPEG bytes) of picture `index` under `seed`."""
    fruit, rotten = labels(index)
    r = stream(seed, index)
    decay = r.uniform(0.38, 1.0) if rotten else r.uniform(0, 0.22)
    return photograph(lambda sketch: _draw(sketch, FRUITS[fruit]), r, decay)


def write_archive():
    """Draw all splits anew into the archive that `stall` reads (a minute on one core)."""
    ARCHIVE.parent.mkdir(exist_ok=True)
    part = ARCHIVE.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for split, (seed, count) in SPLITS.items():
            for index in range(count):
                archive.writestr(zipfile.ZipInfo(file_name(split, index)), picture(seed, index))
    part.replace(ARCHIVE)


# ---- the evening stall: six of the fruits, by lamplight, on other grounds; few are rotten -----------------------------------

EVENING_FRUITS = FRUITS[:6]
EVENING_SPLITS = {"train": (21, 600), "validation": (22, 420)}  # seed, pictures
EVENING_ARCHIVE = ARCHIVE.with_name("evening.zip")
LAMP = np.array([1.0, 0.74, 0.46])


def evening(split, count=None):
    """The first `count` (default: all) pictures of the evening stall: "train" (600) or "validation" (420). One in ten is rotten.

    Raises ValueError for an unknown split or a count it cannot fill.
    """
    if split not in EVENING_SPLITS:
        raise ValueError(
            f"the evening stall has no split {split!r}: choose one of {', '.join(EVENING_SPLITS)}"
        )
    total = EVENING_SPLITS[split][1]
    count = total if count is None else count
    if not 0 < count <= total:
        raise ValueError(
            f"the {split} split of the evening stall holds {total} pictures: ask for 1 to {total}, not {count}"
        )
    with zipfile.ZipFile(EVENING_ARCHIVE) as archive:
        return _evening_of([archive.read(f"{split}/{index:03d}.jpg") for index in range(count)], 10)


def draw_evening(seed, count, every=10):
    """`count` freshly drawn pictures of the evening stall under a seed of your own; one in `every` is rotten."""
    return _evening_of([evening_picture(seed, index, every) for index in range(count)], every)


def evening_labels(index, every):
    """(fruit, rotten) of picture `index`: each run of 6 * every pictures holds each fruit rotten once."""
    return index % len(EVENING_FRUITS), int(index // len(EVENING_FRUITS) % every == every - 1)


def evening_picture(seed, index, every=10):
    """The camera's file (JPEG bytes) of picture `index` under `seed`."""
    fruit, rotten = evening_labels(index, every)
    r = stream(8, seed, index)
    decay = r.uniform(0.4, 1.0) if rotten else r.uniform(0, 0.2)
    return photograph(
        lambda sketch: _draw(sketch, EVENING_FRUITS[fruit]),
        r,
        decay,
        grounds=EVENING_GROUNDS,
        lamp=LAMP,
    )


def write_evening():
    """Draw the splits anew into the archive that `evening` reads (ten seconds on one core)."""
    part = EVENING_ARCHIVE.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for split, (seed, count) in EVENING_SPLITS.items():
            for index in range(count):
                archive.writestr(
                    zipfile.ZipInfo(f"{split}/{index:03d}.jpg"), evening_picture(seed, index)
                )
    part.replace(EVENING_ARCHIVE)


def _evening_of(files, every):
    fruit, rotten = zip(*(evening_labels(index, every) for index in range(len(files))), strict=True)
    return Pictures(develop(files), torch.tensor(fruit), torch.tensor(rotten))


def _gather(files):
    fruit, rotten = zip(*(labels(index) for index in range(len(files))), strict=True)
    return Pictures(develop(files), torch.tensor(fruit), torch.tensor(rotten))


# ---- how each fruit is drawn: k the sketch, hue its colour -----------------------------------------------------------------


def _draw(k, name):
    low, high = HUES[name][k.r.randint(len(HUES[name]))]
    PAINTERS[name](k, k.r, k.u, k.v, k.r.uniform(low, high))


def _pores(k, normal, depth):
    bumps = k.noise(25) * 0.5
    return (normal[0] + depth * bumps, normal[1] + depth * np.roll(bumps, 3, 0), normal[2]), bumps


def apple(k, r, u, v, hue):
    top, bottom, squat = r.uniform(0.12, 0.25), r.uniform(0.04, 0.12), r.uniform(-0.1, 0.08)

    def profile(a):
        dents = top * np.exp(-((turn(a) / 0.38) ** 2)) + bottom * np.exp(
            -(((np.abs(turn(a)) - np.pi) / 0.35) ** 2)
        )
        return (1 - dents - 0.36 * squat * np.cos(2 * a)) * k.outline(a)

    if r.rand() < 0.85:
        k.stem(0, 0.72, r.uniform(0.25, 0.42))
    mask, normal = ball(u, v, 0.95, profile)
    skin, streak = (
        colour(hue, r.uniform(0.65, 0.95), r.uniform(0.5, 0.9)),
        colour(r.uniform(0.1, 0.2), r.uniform(0.4, 0.7), r.uniform(0.7, 0.95)),
    )
    streaks = step(
        -0.4,
        0.8,
        1.2 * k.mottle
        + 0.18 * np.sin(14 * np.arctan2(u, v + 1.2) + 3 * k.mottle)
        + r.uniform(-0.6, 0.2),
    )
    hollow = 1 - 0.45 * np.exp(-((u / 0.28) ** 2 + ((v - 0.72) / 0.16) ** 2))
    k.add(mask, mix(skin, streak, 0.7 * streaks) * hollow[..., None], normal, 0.5, True)
    if r.rand() < 0.45:
        k.leaf(0, 0.85)


def banana(k, r, u, v, hue):
    radius, half, thick = r.uniform(0.95, 1.35), r.uniform(0.62, 0.85), r.uniform(0.2, 0.3)
    flip, count, lean = r.choice([-1, 1]), r.choice([1, 1, 2, 3]), r.uniform(-0.5, 0.5)
    for j in range(count):
        offset = 0.2 * (j - (count - 1) / 2)
        s, c = np.sin(lean + 0.3 * offset), np.cos(lean + 0.3 * offset)
        a, b = (u * c + v * s) * flip, v * c - u * s
        cx, cy = 0.25 * offset, radius - 0.35 + offset
        distance, along = np.hypot(a - cx, b - cy) + 1e-6, np.arctan2(a - cx, cy - b) / half
        width = (
            thick
            * np.sqrt(np.clip(1 - np.abs(along) ** 3.2, 0, 1))
            * (1 + 0.1 * k.sag * np.sin(6 * along + k.waves[1][2]))
        )
        q = (distance - radius) / (width + 1e-4)
        across = np.clip(q, -1, 1)
        na, nb = (a - cx) / distance * across * flip, (b - cy) / distance * across
        normal = (na * c - nb * s, na * s + nb * c, np.sqrt(np.clip(1 - across**2, 0.02, 1)))
        skin = colour(hue + r.uniform(-0.01, 0.01), r.uniform(0.6, 0.9), r.uniform(0.75, 0.98))
        ridge = 0.1 * np.exp(-(((across - 0.25) / 0.08) ** 2))
        paint = mix(skin * (1 + 0.05 * k.mottle - ridge)[..., None], k.brown, step(0.86, 1, -along))
        end = (cx + radius * np.sin(0.97 * half), cy - radius * np.cos(0.97 * half))
        k.stroke(
            [end, (end[0] + 0.1, end[1] + 0.18)],
            0.32 * thick,
            0.25 * thick,
            colour(hue + 0.03, 0.6, 0.6),
            (a, b),
        )
        k.add(step(1.06, 0.94, np.abs(q)) * (np.abs(along) < 1), paint, normal, 0.25, True)


def lemon(k, r, u, v, hue):
    angle, squat = r.uniform(-0.7, 0.7), r.uniform(0.66, 0.78)
    s, c = np.sin(angle), np.cos(angle)
    a, b = u * c + v * s, v * c - u * s
    mask, normal = ball(
        a,
        b / squat,
        0.82,
        lambda t: (1 + 0.2 * np.exp(-(((np.abs(turn(t)) - np.pi / 2) / 0.22) ** 2))) * k.outline(t),
    )
    normal, _ = _pores(
        k, (normal[0] * c - normal[1] * s, normal[0] * s + normal[1] * c, normal[2]), 0.08
    )
    tip = 0.8 * np.exp(-(((np.abs(a) - 0.95) / 0.1) ** 2) - (b / 0.15) ** 2)
    skin = colour(hue, r.uniform(0.65, 0.95), r.uniform(0.8, 1))
    k.add(mask, mix(skin * (1 + 0.05 * k.mottle)[..., None], k.green, tip), normal, 0.4, True)
    if r.rand() < 0.3:
        k.leaf(0.85 * c, 0.85 * s, length=0.4, width=0.14)


def orange(k, r, u, v, hue):
    mask, normal = ball(u, v / r.uniform(0.92, 1), 0.96, k.outline)
    normal, pores = _pores(k, normal, 0.1)
    x, y = r.uniform(-0.3, 0.3), r.uniform(0.35, 0.75)
    button = np.clip(1.3 * np.exp(-(((u - x) / 0.1) ** 2 + ((v - y) / 0.08) ** 2)), 0, 1)
    skin = (
        colour(hue, r.uniform(0.8, 0.98), r.uniform(0.75, 1))
        * (1 + 0.06 * pores + 0.05 * k.mottle)[..., None]
    )
    k.add(mask, mix(skin, 0.8 * k.green, button), normal, 0.35, True)
    if r.rand() < 0.3:
        k.leaf(x, y + 0.05, length=0.5, width=0.17)


def pear(k, r, u, v, hue):
    wide, neck, lean = r.uniform(0.62, 0.74), r.uniform(0.3, 0.4), r.uniform(-0.12, 0.12)
    t = np.clip((v + 0.95) / 1.85, 0, 1)
    belly = wide * np.sqrt(np.clip(1 - ((t - 0.32) / 0.34) ** 2, 0, 1))
    taper = (
        neck + (wide - neck) * (0.5 + 0.5 * np.cos(np.pi * np.clip((t - 0.32) / 0.45, 0, 1)))
    ) * np.sqrt(1 - np.clip((t - 0.8) / 0.2, 0, 1) ** 2)
    half = np.where(t < 0.32, belly, taper) * (1 + 0.1 * k.sag * np.sin(7 * t + k.waves[0][2]))
    aside = u - lean * t * t
    q = np.abs(aside) / (half + 1e-4)
    across = np.sign(aside) * np.clip(q, 0, 1)
    upward = np.where(t < 0.32, t / 0.32 - 1, np.clip((t - 0.8) / 0.2, 0, 1) * 0.9 + 0.12)
    normal = (
        across,
        upward,
        np.sqrt(np.clip(1 - across**2 - 0.8 * np.clip(upward, -0.95, 0.95) ** 2, 0.02, 1)),
    )
    k.stem(lean, 0.84, r.uniform(0.22, 0.36))
    freckles = 1 - 0.12 * (k.noise(40) > 1)
    blush = step(-0.2, 1, u * r.choice([-1, 1]) + 0.4 * k.mottle) * r.uniform(0, 0.55)
    skin = mix(
        colour(hue, r.uniform(0.5, 0.85), r.uniform(0.6, 0.92)),
        colour(r.uniform(0, 0.06), 0.7, 0.75),
        blush,
    )
    k.add(
        step(1.03, 0.97, q) * ((t > 0) & (t < 1) & (half > 0.02)),
        skin * freckles[..., None],
        normal,
        0.3,
        True,
    )
    if r.rand() < 0.35:
        k.leaf(lean, 0.9)


def tomato(k, r, u, v, hue):
    squat, lobes, phase = r.uniform(0.78, 0.95), r.uniform(0, 0.035), r.uniform(0, 6)
    mask, normal = ball(
        u,
        v / squat,
        0.97,
        lambda a: (
            (1 - 0.08 * np.exp(-((turn(a) / 0.5) ** 2)) + lobes * np.cos(5 * a + phase))
            * k.outline(a)
        ),
    )
    k.add(
        mask,
        colour(hue, r.uniform(0.75, 0.95), r.uniform(0.55, 0.9)) * (1 + 0.05 * k.mottle)[..., None],
        normal,
        0.9,
        True,
    )
    k.calyx(0.62 * squat, r.randint(5, 7), (0.4, 0.6), width=0.09)
    k.stem(0, 0.62 * squat, r.uniform(0.12, 0.25), 0.045, 0.9 * k.green)


def strawberry(k, r, u, v, hue):
    mask, normal = ball(
        u,
        v - 0.1,
        1.05,
        lambda a: (
            (
                0.8
                + 0.044 * np.cos(a)
                + 0.056 * np.cos(2 * a)
                + 0.2 * np.exp(-(((np.abs(turn(a)) - np.pi) / 0.7) ** 2))
            )
            * k.outline(a)
        ),
    )
    x, y = 6.5 * u + 0.5 * np.round(6.5 * v) % 2, 6.5 * v
    seeds = 0.8 * ((x - np.round(x)) ** 2 * 1.6 + (y - np.round(y)) ** 2 < 0.035)
    skin = colour(hue, r.uniform(0.8, 0.95), r.uniform(0.6, 0.9)) * (1 + 0.06 * k.mottle)[..., None]
    k.add(mask, mix(skin, colour(0.13, 0.6, 0.9), seeds), normal, 0.7, True)
    count = r.randint(6, 9)
    for i in range(count):
        k.leaf(
            0,
            0.85,
            np.pi * (1.5 * (i + 0.5) / count - 0.25) + r.uniform(-0.2, 0.2),
            r.uniform(0.4, 0.65),
            0.13,
            0.6,
        )
    k.stem(0, 0.9, r.uniform(0.1, 0.25), 0.04, k.green)


def grapes(k, r, u, v, hue):
    size, skin = r.uniform(0.2, 0.26), colour(hue, r.uniform(0.4, 0.75), r.uniform(0.35, 0.75))
    k.stem(0, 0.6, 0.4, 0.045)
    for row, count in enumerate((4, 5, 4, 3, 2, 1)):
        for j in range(count):
            x, y = (
                (j - (count - 1) / 2) * 1.45 * size + r.uniform(-0.05, 0.05),
                0.55 - 1.25 * row * size + r.uniform(-0.05, 0.05),
            )
            mask, normal = ball(u - x, v - y, size * r.uniform(0.9, 1.1))
            k.add(mask, skin * r.uniform(0.8, 1.15), normal, 0.6, True)
    if r.rand() < 0.5:
        k.leaf(0, 0.75, length=0.5, width=0.22)


def cherry(k, r, u, v, hue):
    skin, x, y = (
        colour(hue, r.uniform(0.7, 0.95), r.uniform(0.4, 0.8)),
        r.uniform(-0.15, 0.15),
        0.95,
    )
    for side in (-0.45, 0.45):
        cx, cy = side + r.uniform(-0.06, 0.06), -0.45 + r.uniform(-0.15, 0.15)
        mask, normal = ball(
            u - cx,
            v - cy,
            r.uniform(0.38, 0.46),
            lambda a: k.outline(a) * (1 - 0.12 * np.exp(-((turn(a) / 0.4) ** 2))),
        )
        k.add(mask, skin, normal, 1.0, True)
        k.stroke(
            [(cx, cy + 0.33), (0.6 * cx + 0.4 * x, 0.4), (x, y)],
            0.035,
            0.03,
            colour(0.22, 0.6, 0.45),
        )
    if r.rand() < 0.5:
        k.leaf(x, y - 0.02, length=0.5, width=0.17)


def pineapple(k, r, u, v, hue):
    k.tuft(0.3, r.randint(8, 12), (0.45, 0.72))
    mask, normal = ball(u / 0.62, (v + 0.3) / 0.72, 0.95, k.outline)
    bulge = u / 0.62 * (1 + 0.3 * u * u)
    scales = step(0.05, 0.5, np.abs(np.sin(7 * (bulge + v)) * np.sin(7 * (bulge - v))))
    k.add(
        mask,
        mix(
            colour(hue - 0.03, 0.8, 0.45),
            colour(hue, r.uniform(0.6, 0.85), r.uniform(0.7, 0.95)),
            scales,
        ),
        normal,
        0.2,
        True,
    )


PAINTERS = {
    painter.__name__: painter
    for painter in (
        apple,
        banana,
        lemon,
        orange,
        pear,
        tomato,
        strawberry,
        grapes,
        cherry,
        pineapple,
    )
}
