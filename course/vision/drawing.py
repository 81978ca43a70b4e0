"""The camera: one object on a ground, lit, aged and photographed, for the stalls and the species.

A picture is a pure function of the key of its random stream (see primitives.py).
"""

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy import ndarray
from numpy.random import RandomState
from PIL import Image, ImageFilter

from course.vision.grounds import GROUNDS
from course.vision.primitives import (
    ellipse,
    fractal,
    mix,
    noise,
    random_hsv,
    rotated,
    scaled,
    smoothstep,
    squared_distance,
)
from course.vision.sketch import Layer, Normal, Sketch

SIZE = 64  # pixels of a picture's side


def photograph(
    draw: Callable[[Sketch], None],
    rng: RandomState,
    decay: float,
    oversample: int = 2,
    grounds: Sequence[Callable[..., ndarray]] = GROUNDS,
    lamp: ndarray | None = None,
) -> bytes:
    """Draw one object on a random ground in random light and photograph it.

    `draw(sketch)` lays the object's layers. `decay` runs from 0 (fresh) to 1. `lamp` is the colour
    (3,) of a lamp above the object; None means daylight. The scene is drawn with `oversample` times
    as many pixels a side as the picture has.
    Returns the camera's file: a JPEG of SIZE x SIZE pixels.
    """
    side = SIZE * oversample
    rows, columns = np.mgrid[0:side, 0:side].astype(float)
    x = columns / side  # (side, side), 0 at the left to 1 at the right
    y = rows / side  # (side, side), 0 at the top to 1 at the bottom
    ground = grounds[rng.randint(len(grounds))]
    rough = fractal(rng, side, rng.randint(2, 6), 5)
    image = ground(rng, x, y, rough)  # (side, side, 3)

    view = _random_view(rng, x, y, decay)
    east, north, height = _random_light(rng)
    image = _with_shadow(image, rng, view, east)
    sketch = Sketch(rng, view.u, view.v, sag=1.2 * max(0, decay - 0.25))
    draw(sketch)
    rot = Rot(rng, view.u, view.v, decay)
    light = np.array([*rotated(east, north, view.tilt), height])  # in object coordinates
    image = _shade(image, sketch.layers, light, rng, rot)

    image = _with_obstacle(image, rng, x, y)
    if lamp is not None:
        image = _by_lamplight(image, rng, x, y, lamp)
    return _exposed(image, rng, x, y, oversample)


def develop(files: Sequence[bytes]) -> torch.Tensor:
    """The pixels of JPEG files, all of one size: uint8 (N, 3, H, W)."""
    images = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def jpeg(pixels: ndarray, quality: int) -> bytes:
    """A JPEG file of pixels (H, W, 3), numbers that are rounded and clipped to 0..255."""
    rounded = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rounded).save(file, "JPEG", quality=quality)
    return file.getvalue()


class View(NamedTuple):
    """Where the object is in the picture: the coordinates of each pixel around it, (S, S)."""

    right: ndarray
    up: ndarray
    u: ndarray  # right and up, turned with the object
    v: ndarray
    tilt: float  # radians


def _random_view(rng: RandomState, x: ndarray, y: ndarray, decay: float) -> View:
    """An object of random size near the middle of the picture, a little tilted."""
    scale = rng.uniform(0.26, 0.44)
    tilt = np.deg2rad(rng.uniform(-22, 22))
    right = (x - 0.5 - rng.uniform(-0.13, 0.13)) / scale
    up = (0.52 + rng.uniform(-0.11, 0.11) - y) / scale
    u, v = rotated(right, up, tilt)
    slump = 0.12 * max(0, decay - 0.4) * rng.rand()  # of old things
    return View(right, up, u, v * (1 + slump), tilt)


def _random_light(rng: RandomState) -> tuple[float, float, float]:
    """The direction to the light, a unit vector: (to the right, upwards, towards the viewer)."""
    azimuth = rng.uniform(-1.1, 1.1)
    elevation = rng.uniform(0.45, 0.85)
    east = np.sin(azimuth) * np.cos(elevation)
    north = np.cos(azimuth) * np.cos(elevation)
    return east, north, np.sin(elevation)


def _with_shadow(image: ndarray, rng: RandomState, view: View, east: float) -> ndarray:
    """The image (S, S, 3) with a soft shadow below the object, on the side away from the light."""
    from_shadow = ellipse(
        view.right + 0.3 * east,
        view.up + 0.88,
        x=0,
        width=1.05,
        y=0,
        height=0.28,
    )
    darkness = rng.uniform(0.25, 0.6)
    return scaled(image, 1 - darkness * np.exp(-1.4 * from_shadow))


class Rot:
    """What `decay` (0 fresh, 1 gone) does to skin: spots, mould, wrinkles and lost colour."""

    def __init__(self, rng: RandomState, u: ndarray, v: ndarray, decay: float) -> None:
        side = len(u)
        self.decay = decay
        self.old = max(0.0, decay - 0.3)
        rough = fractal(rng, side, 4, 4)
        self.spots = np.zeros_like(u)  # (S, S)
        if decay > 0.05:
            self.spots = self._draw_spots(rng, u, v, rough)
        self.mould = np.zeros_like(u)  # (S, S)
        if decay > 0.5 and rng.rand() < 0.5:
            self.mould = self._draw_mould(rng, u, v, rough)
        self.stain = random_hsv(
            rng,
            hue=(0.05, 0.1),
            saturation=(0.35, 0.7),
            value=(0.08, 0.3),
        )
        fur_hue = (0.38, 0.45, 0.15)[rng.randint(3)]
        self.fur = random_hsv(
            rng,
            hue=fur_hue,
            saturation=(0.02, 0.25),
            value=(0.6, 0.9),
        )
        self.wrinkles = fractal(rng, side, 10, 3) * self.old * 0.9

    def _draw_spots(self, rng: RandomState, u: ndarray, v: ndarray, rough: ndarray) -> ndarray:
        spots = np.zeros_like(u)
        for _ in range(round(1 + 5 * self.decay)):
            x, y = rng.uniform(-0.7, 0.7), rng.uniform(-0.75, 0.6)
            radius = rng.uniform(0.08, 0.18)
            if self.decay > 0.3:
                radius = radius + 0.34 * self.decay * rng.rand()
            distance = np.hypot(u - x, v - y) + 0.16 * rough
            spots = np.maximum(spots, smoothstep(radius, 0.55 * radius, distance))
        return 0.85 * spots * min(1, 0.25 + 1.1 * self.decay)

    def _draw_mould(self, rng: RandomState, u: ndarray, v: ndarray, rough: ndarray) -> ndarray:
        x, y = rng.uniform(-0.5, 0.5, 2)
        fuzz = np.clip(0.75 + 0.4 * noise(rng, len(u), 40), 0, 1)
        distance = np.hypot(u - x, v - y) + 0.2 * rough
        return smoothstep(0.42 * self.decay, 0.1, distance) * fuzz

    def age(self, paint: ndarray, normal: Normal, gloss: float) -> tuple[ndarray, Normal, float]:
        """The paint (S, S, 3), normal and gloss of fresh skin after the decay."""
        grey = paint.mean(-1, keepdims=True)
        faded = (paint + (grey - paint) * 0.45 * self.old) * (1 - 0.32 * self.old)
        stained = mix(faded, self.stain, self.spots)
        moulded = mix(stained, self.fur, np.clip(self.mould, 0, 1))
        wrinkled = (
            normal[0] + self.wrinkles,
            normal[1] + np.roll(self.wrinkles, 5, 0),
            normal[2],
        )
        return moulded, wrinkled, gloss * (1 - 0.8 * max(0, self.decay - 0.2))


def _shade(
    image: ndarray, layers: list[Layer], light: ndarray, rng: RandomState, rot: Rot
) -> ndarray:
    """Lay the layers over the image (S, S, 3), lit from the direction `light` (3,).

    Blinn and Phong's model: ambient and diffuse light, and a shine where the normal is near the
    half vector between the light and the viewer (J. Blinn, "Models of light reflection for
    computer synthesized pictures", 1977).
    """
    ambient = rng.uniform(0.35, 0.55)
    power = rng.uniform(0.85, 1.15)
    diffuse = 1.05 - 0.6 * ambient
    half = light + np.array([0, 0, 1])
    half = half / np.linalg.norm(half)
    for mask, paint, normal, gloss, skin in layers:
        if skin:
            paint, normal, gloss = rot.age(paint, normal, gloss)
        facing = np.clip(_dot(normal, light), 0, None)
        shine = np.clip(_dot(normal, half), 0, 1) ** 28
        brightness = np.atleast_1d((ambient + diffuse * facing) * power)
        lit = scaled(np.clip(paint, 0, 1), brightness)
        highlight = np.atleast_1d(gloss * 0.55 * shine)
        image = mix(image, lit + highlight[..., None], mask)
    return image


def _dot(normal: Normal, direction: ndarray) -> ndarray:
    return normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2]


def _with_obstacle(image: ndarray, rng: RandomState, x: ndarray, y: ndarray) -> ndarray:
    """In one picture of four, something out of focus at the left or right border."""
    if rng.rand() >= 0.25:
        return image
    if rng.rand() < 0.5:
        edge = rng.uniform(-0.05, 0.1)
    else:
        edge = rng.uniform(0.9, 1.05)
    across = (x - edge) / rng.uniform(0.08, 0.22)
    along = (y - rng.rand()) / rng.uniform(0.08, 0.3)
    paint = random_hsv(
        rng,
        hue=(0, 1),
        saturation=(0.1, 0.8),
        value=(0.2, 0.9),
    )
    return mix(image, paint, smoothstep(1.05, 0.95, np.hypot(across, along)))


def _by_lamplight(
    image: ndarray, rng: RandomState, x: ndarray, y: ndarray, lamp: ndarray
) -> ndarray:
    """The image in the light of a lamp of colour `lamp` (3,), darker away from it."""
    distance = squared_distance(x, y, rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
    reach = rng.uniform(0.08, 0.3)
    return scaled(image * lamp, 0.35 + 0.75 * np.exp(-distance / reach))


def _exposed(image: ndarray, rng: RandomState, x: ndarray, y: ndarray, oversample: int) -> bytes:
    """What the camera makes of the image: exposure, vignette, lens blur, grain; a JPEG file."""
    exposure = rng.normal(0, 0.14)
    white_balance = rng.normal(0, 0.06, 3)  # (3,)
    image = image * np.exp(exposure + white_balance)
    vignette = 1 - rng.uniform(0, 0.7) * squared_distance(x, y, 0.5, 0.5)
    gamma = np.exp(rng.normal(0, 0.12))
    image = np.clip(scaled(image, vignette), 0, 1) ** gamma
    lens = Image.fromarray((image * 255 + 0.5).astype(np.uint8))
    lens = lens.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.9) * oversample))
    lens = lens.resize((SIZE, SIZE), Image.Resampling.BOX)
    grain = rng.normal(0, rng.uniform(1, 6), (SIZE, SIZE, 3))
    return jpeg(np.asarray(lens) + grain, quality=90)
