"""One object of a picture: its outline, and layers of colour and surface normal laid back to front.

Object coordinates: `u` grows to the right, `v` grows upwards, and an object fills about the unit
disc. Colours are RGB in 0..1. A normal is the tuple of its parts along u, v and towards the viewer,
each a number or an array (S, S).
"""

from collections.abc import Callable
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from course.vision.primitives import fractal, noise, random_hsv, rotated, scaled, smoothstep

Point = tuple[float, float]
Normal = tuple[ndarray, ndarray, ndarray]


class Layer(NamedTuple):
    """One layer of a sketch: where it is, and its colour and surface there."""

    mask: ndarray  # (S, S), 0 to 1: where the layer covers what lies below it
    paint: ndarray  # (S, S, 3) or (3,)
    normal: Normal
    gloss: float  # 0 dull, 1 shiny
    skin: bool  # only skin rots


class Wave(NamedTuple):
    """A sine around an outline that makes it irregular."""

    count: int  # waves in a turn
    height: float
    phase: float


class Sketch:
    """The layers of one object on its coordinate grid `u`, `v`, both (S, S).

    `sag` (0 and up) is how far the outline has lost its shape. Each sketch has a `brown`, a `green`
    and a pattern of noise, `mottle` (S, S), that all its parts share.
    """

    FLAT: ClassVar = (0.0, 0.0, 1.0)  # the normal of a flat surface that faces the viewer

    def __init__(self, rng: RandomState, u: ndarray, v: ndarray, sag: float) -> None:
        self.rng = rng
        self.u = u
        self.v = v
        self.sag = sag
        self.side = len(u)
        self.layers: list[Layer] = []
        self.waves = [
            Wave(rng.randint(2, 7), rng.uniform(-1, 1), rng.uniform(0, 6.3)) for _ in range(4)
        ]
        self.brown = random_hsv(
            rng,
            hue=(0.06, 0.1),
            saturation=(0.4, 0.7),
            value=(0.2, 0.45),
        )
        self.green = random_hsv(
            rng,
            hue=(0.24, 0.36),
            saturation=(0.5, 0.85),
            value=(0.3, 0.6),
        )
        self.mottle = fractal(rng, self.side, 6, 3)

    def outline(self, angle: ndarray, base: float = 0.0) -> ndarray:
        """The factor of the radius at each angle; `base` is the irregularity of a fresh object."""
        height = 0.05 * self.sag + base
        waves = sum(w.height * np.sin(w.count * angle + w.phase) for w in self.waves)
        return 1 + height * waves

    def add(
        self,
        mask: ndarray,
        paint: ndarray,
        normal: Normal = FLAT,
        gloss: float = 0.0,
        skin: bool = False,
    ) -> None:
        """Lay one layer over those before; see Layer."""
        self.layers.append(Layer(mask, paint, normal, gloss, skin))

    def mottled(self, paint: ndarray, depth: float) -> ndarray:
        """The paint, (3,) or (S, S, 3), made lighter and darker by the sketch's mottle."""
        return scaled(paint, 1 + depth * self.mottle)

    def noise(self, cells: int) -> ndarray:
        """Smooth noise (S, S), new at each call."""
        return noise(self.rng, self.side, cells)

    def stroke(
        self,
        points: list[Point],
        start: float,
        end: float,
        paint: ndarray,
        frame: tuple[ndarray, ndarray] | None = None,
    ) -> None:
        """A line through `points`, its half width going from `start` to `end`.

        `frame` replaces the coordinate grid (u, v).
        """
        u, v = frame or (self.u, self.v)
        mask = np.zeros_like(u)
        last = len(points) - 1
        for number, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            dx = bx - ax
            dy = by - ay
            squared_length = dx * dx + dy * dy + 1e-9
            t = np.clip(((u - ax) * dx + (v - ay) * dy) / squared_length, 0, 1)  # nearest point
            distance = np.hypot(u - ax - t * dx, v - ay - t * dy)
            width = start + (end - start) * (number + t) / last
            mask = np.maximum(mask, smoothstep(width * 1.25, width * 0.75, distance))
        self.add(mask, paint)

    def stem(
        self,
        x: float,
        y: float,
        length: float,
        width: float = 0.05,
        paint: ndarray | None = None,
    ) -> None:
        """A stem, a little bent, that rises from (x, y); brown if no paint is given."""
        bend = self.rng.uniform(-0.25, 0.25) * length
        points = [
            (x, y),
            (x + 0.4 * bend, y + length / 2),
            (x + bend, y + length),
        ]
        self.stroke(points, width, 0.8 * width, self.brown if paint is None else paint)

    def leaf(
        self,
        x: float,
        y: float,
        angle: float | None = None,
        length: float = 0.45,
        width: float = 0.16,
        flat: float = 1.0,
        paint: ndarray | None = None,
    ) -> None:
        """A leaf from (x, y) towards `angle` (random if None); green if no paint is given.

        `flat` below 1 shows it from the side.
        """
        if angle is None:
            angle = self.rng.uniform(0.1, 0.7)
            if self.rng.rand() >= 0.5:
                angle = np.pi - angle
        along, across = rotated(self.u - x, (self.v - y) / flat, angle)
        along = along / length  # 0 to 1 from the stalk to the tip
        across = np.abs(across) / width  # 0 at the vein in the middle
        border = np.sin(np.pi * np.clip(along, 0, 1)) ** 0.8
        mask = (along > 0) & (along < 1) & (across < border)
        paint = self.green if paint is None else paint
        shade = 0.75 + 0.35 * np.clip(across, 0, 1)
        self.add(mask.astype(float), scaled(paint, shade), gloss=0.1)

    def calyx(
        self,
        y: float,
        count: int,
        lengths: tuple[float, float],
        paint: ndarray | None = None,
        flat: float = 0.5,
        width: float = 0.1,
    ) -> None:
        """A star of `count` small leaves around (0, y), their lengths drawn from a range."""
        first = self.rng.uniform(0, 6)
        for number in range(count):
            angle = first + 2 * np.pi * number / count
            length = self.rng.uniform(*lengths)
            self.leaf(0, y, angle, length, width, flat, paint)

    def tuft(
        self,
        y: float,
        count: int,
        lengths: tuple[float, float],
        paint: ndarray | None = None,
    ) -> None:
        """`count` leaves that fan out upwards from (0, y), their lengths drawn from a range."""
        paint = self.green if paint is None else paint
        for _ in range(count):
            angle = np.pi / 2 + self.rng.uniform(-0.9, 0.9)
            length = self.rng.uniform(*lengths)
            light = self.rng.uniform(0.7, 1.1)
            self.leaf(0, y, angle, length, 0.1, paint=paint * light)


def towards_viewer(squared_slope: ndarray, least: float = 0.02) -> ndarray:
    """The third part of a unit normal whose first two have this sum of squares, (S, S).

    Its square is at least `least`, so that the border of an object is not entirely dark.
    """
    return np.sqrt(np.clip(1 - squared_slope, least, 1))


def ball(
    u: ndarray,
    v: ndarray,
    radius: float = 1.0,
    profile: Callable[[ndarray], ndarray] | None = None,
) -> tuple[ndarray, Normal]:
    """A ball around the origin of the grid u, v: (mask, normal).

    `profile(angle)` scales the radius; angle 0 points up, angles grow clockwise.
    """
    distance = np.hypot(u, v) + 1e-6
    if profile is not None:
        radius = radius * profile(np.arctan2(u, v))
    q = distance / radius  # 1 at the border
    inside = np.clip(q, 0, 1)
    normal = (
        u / distance * inside,
        v / distance * inside,
        np.sqrt(1 - inside**2),
    )
    return smoothstep(1.02, 0.98, q), normal
