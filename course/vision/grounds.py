"""Backgrounds of pictures: what lies behind and under an object, by day and at the evening stall.

A ground is a function of a random stream, the pixel coordinates x (to the right) and y (downwards),
both (S, S) in 0..1, and fractal noise `rough` (S, S). It returns an RGB image (S, S, 3).
"""

import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from course.vision.primitives import (
    ellipse,
    mix,
    noise,
    random_hsv,
    rotated,
    scaled,
    smoothstep,
    squared_distance,
)


def table(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """A table of any colour, most often of wood, before a wall."""
    horizon = rng.uniform(0.3, 0.72) + 0.02 * noise(rng, len(x), 3)
    wall = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0, 0.45),
        value=(0.35, 0.95),
    )
    hue = rng.uniform(0.02, 0.14) if rng.rand() < 0.6 else rng.rand()
    wood = random_hsv(
        rng,
        hue=hue,
        saturation=(0.1, 0.7),
        value=(0.25, 0.85),
    )
    frequency = rng.uniform(8, 30)
    waves = np.sin(2 * np.pi * (y * frequency * (0.6 + 0.6 * y) + 0.5 * rough))
    grain = waves * rng.uniform(0, 0.12) + 0.06 * rough
    above = scaled(wall, 1.1 - 0.35 * y + 0.04 * rough)
    below = scaled(wood, 0.675 + 0.35 * y + grain)
    return mix(above, below, smoothstep(-0.01, 0.01, y - horizon))


def cloth(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """A tablecloth with stripes, checks or dots."""
    first = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0.1, 0.8),
        value=(0.3, 0.95),
    )
    second = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0, 0.7),
        value=(0.3, 1),
    )
    count = rng.uniform(3, 9)  # stripes across the picture
    frequency = 2 * np.pi * count
    s, t = rotated(x, y, rng.uniform(0, np.pi))
    pattern = ("stripes", "checks", "dots")[rng.randint(3)]
    if pattern == "stripes":
        mask = np.sin(frequency * s) > rng.uniform(-0.5, 0.5)
    elif pattern == "checks":
        mask = np.sin(frequency * s) * np.sin(frequency * t) > 0
    else:
        distance = squared_distance(s * count % 1, t * count % 1, 0.5, 0.5)
        mask = distance < rng.uniform(0.04, 0.14)
    image = mix(first, second, mask.astype(float))
    light = (1 + 0.12 * rough) * (1.1 - 0.25 * y)
    return scaled(image, light)


def meadow(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """Grass below the sky."""
    horizon = rng.uniform(0.25, 0.6) + 0.05 * noise(rng, len(x), 8)
    sky = random_hsv(
        rng,
        hue=(0.5, 0.62),
        saturation=(0.1, 0.6),
        value=(0.6, 1),
    )
    grass = random_hsv(
        rng,
        hue=(0.2, 0.38),
        saturation=(0.3, 0.8),
        value=(0.2, 0.6),
    )
    blades = 1 + 0.25 * np.abs(noise(rng, len(x), 24))
    above = scaled(sky, 1 - 0.3 * y)
    below = scaled(grass, blades)
    return mix(above, below, smoothstep(-0.02, 0.02, y - horizon))


def plate(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """A plate of china on a table."""
    paint = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0.1, 0.6),
        value=(0.2, 0.7),
    )
    table_top = scaled(paint, 1 + 0.12 * rough)
    china = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0, 0.25),
        value=(0.75, 1),
    )
    distance = ellipse(  # 1 at the rim
        x,
        y,
        x=rng.uniform(0.35, 0.65),
        width=rng.uniform(0.4, 0.55),
        y=rng.uniform(0.5, 0.75),
        height=rng.uniform(0.22, 0.38),
    )
    plate_image = scaled(china, 1 - 0.15 * np.clip(distance, 0, 1))
    image = mix(table_top, plate_image, smoothstep(1.02, 0.98, distance))
    rim = np.exp(-(((distance - 1) / 0.05) ** 2))
    return scaled(image, 1 - 0.25 * rim)


def out_of_focus(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """Two colours that run into each other, with up to seven lights, all out of focus."""
    first = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0, 0.6),
        value=(0.15, 0.95),
    )
    second = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0, 0.6),
        value=(0.15, 0.95),
    )
    slope = (y - 0.5) * rng.uniform(-1, 1)
    image = mix(first, second, smoothstep(-0.6, 0.6, 1.5 * rough + slope))
    for _ in range(rng.randint(8)):
        distance = squared_distance(x, y, rng.rand(), rng.rand())
        light = random_hsv(
            rng,
            hue=(0, 1),
            saturation=(0, 0.8),
            value=(0.4, 1),
        )
        radius = 0.012 * rng.uniform(0.4, 3)
        image = mix(image, light, 0.6 * smoothstep(radius, 0, distance))
    return image


GROUNDS = (table, table, cloth, meadow, plate, out_of_focus)  # a table is twice as common


def crate(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """A wooden crate: slats with dark gaps between them."""
    slats = rng.uniform(3, 7)
    across = y if rng.rand() < 0.5 else x
    wood = random_hsv(
        rng,
        hue=(0.04, 0.11),
        saturation=(0.3, 0.7),
        value=(0.25, 0.55),
    )
    gap = smoothstep(0.12, 0.05, np.abs(across * slats % 1 - 0.5) * 2)
    waves = np.sin(2 * np.pi * (across * rng.uniform(20, 50) + 0.6 * rough))
    grain = 0.1 * waves + 0.08 * rough
    return scaled(wood, (0.8 + grain) * (1 - 0.75 * gap))


def street(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """A street at night, with lamps and windows out of focus."""
    horizon = rng.uniform(0.45, 0.7)
    sky = random_hsv(
        rng,
        hue=(0.58, 0.72),
        saturation=(0.2, 0.7),
        value=(0.08, 0.25),
    )
    pavement = random_hsv(
        rng,
        hue=(0.02, 0.1),
        saturation=(0.2, 0.6),
        value=(0.15, 0.4),
    )
    image = mix(sky, pavement, smoothstep(-0.02, 0.02, y - horizon + 0.01 * rough))
    for _ in range(rng.randint(4, 14)):
        distance = squared_distance(x, y, rng.rand(), horizon * rng.rand())
        lamp = random_hsv(
            rng,
            hue=(0, 0.17),
            saturation=(0.2, 0.9),
            value=(0.6, 1),
        )
        radius = 0.01 * rng.uniform(0.2, 2)
        image = mix(image, lamp, 0.7 * smoothstep(radius, 0, distance))
    return image


def paper(rng: RandomState, x: ndarray, y: ndarray, rough: ndarray) -> ndarray:
    """Crumpled wrapping paper."""
    folds = np.abs(noise(rng, len(x), 5)) + 0.5 * np.abs(noise(rng, len(x), 11))
    paint = random_hsv(
        rng,
        hue=(0.06, 0.13),
        saturation=(0.1, 0.5),
        value=(0.4, 0.8),
    )
    return scaled(paint, 1.05 - 0.22 * folds + 0.05 * rough)


EVENING_GROUNDS = (crate, crate, street, paper)  # a crate is twice as common
