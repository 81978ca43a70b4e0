"""The thousand species that the bundled backbone learnt to name, no fruit among them.

A species is a random body with a texture, attachments and colours. The painter is that of the fruit
(same grounds, light and camera), so transfer from species to fruit is easier than transfer between
real collections of photographs; the model card says so.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from course.vision.drawing import photograph
from course.vision.primitives import (
    fractal,
    hsv,
    mix,
    random_stream,
    rotated,
    smoothstep,
    squared_distance,
    wrap_angle,
)
from course.vision.sketch import Sketch, ball, towards_viewer

COUNT = 1000
# Probabilities: a species has one body and one texture, and each attachment by itself or not.
BODIES = {
    "ball": 0.34,
    "stack": 0.14,
    "arc": 0.12,
    "cluster": 0.12,
    "box": 0.12,
    "cone": 0.08,
    "slab": 0.08,
}
TEXTURES = {
    "plain": 0.22,
    "stripes": 0.14,
    "dots": 0.12,
    "blotches": 0.12,
    "gradient": 0.1,
    "hatch": 0.08,
    "pores": 0.08,
    "rings": 0.07,
    "bands": 0.07,
}
ATTACHMENTS = {
    "stem": 0.35,
    "leaf": 0.25,
    "calyx": 0.22,
    "cap": 0.18,
    "handle": 0.12,
    "spikes": 0.12,
    "tuft": 0.12,
    "eyes": 0.08,
    "legs": 0.1,
}
FURTHER_HUES = {0: 0.4, 1: 0.3, 2: 0.2, 3: 0.1}  # how many, beside the first
BEHIND = ("stem", "tuft", "legs", "handle")  # attachments that are drawn before the body


class Traits(NamedTuple):
    """What all pictures of one species have in common."""

    body: str
    height: float
    width: float
    waves: list[tuple[int, float, float]]  # count, height and phase of each, around the outline
    dimple: tuple[float, float]  # depth and width of the dent at the top
    tilt: float  # radians
    hues: ndarray  # (1 to 4,), of which a picture shows one
    saturation: float
    value: float
    texture: str
    frequency: float  # of the texture
    angle: float  # of the texture, in radians
    second: tuple[float, float, float]  # hue, saturation, value of the texture's other colour
    attachments: list[str]
    attached_hue: float
    gloss: float
    parts: int  # of a cluster or stack
    spiral: bool  # whether a cluster's parts lie in a spiral
    petals: int  # of a calyx, tuft or spikes
    scatter: ndarray  # (12, 2), where a cluster's parts lie if not in a spiral
    arc: tuple[float, float, float]  # radius, half of the angle, half of the thickness
    corner: float  # exponent of a box's outline: 2 is round, 6 nearly square


@cache
def species(index: int) -> Traits:
    """The traits of species `index` (0 to 999).

    The order of the draws is part of the species: another order draws other ones.
    """
    rng = random_stream(777, index)
    return Traits(
        body=_choose(rng, BODIES),
        height=np.exp(rng.uniform(-0.7, 0.35)),
        width=np.exp(rng.uniform(-0.5, 0.1)),
        waves=[_wave(rng, number) for number in range(3)],
        dimple=(
            rng.uniform(0, 0.3) * (rng.rand() < 0.4),
            rng.uniform(0.2, 0.6),
        ),
        tilt=rng.uniform(-0.9, 0.9) * (rng.rand() < 0.4),
        hues=rng.rand(1 + _choose(rng, FURTHER_HUES)),
        saturation=rng.uniform(0.15, 0.95),
        value=rng.uniform(0.3, 0.95),
        texture=_choose(rng, TEXTURES),
        frequency=rng.uniform(3, 12),
        angle=rng.uniform(0, np.pi),
        second=(
            rng.rand(),
            rng.uniform(0, 0.9),
            rng.uniform(0.1, 1),
        ),
        attachments=[name for name, share in ATTACHMENTS.items() if rng.rand() < share],
        attached_hue=rng.rand() if rng.rand() < 0.5 else rng.uniform(0.2, 0.4),
        gloss=(0, 0.2, 0.5, 1.0)[rng.randint(4)],
        parts=rng.randint(3, 13),
        spiral=rng.rand() < 0.5,
        petals=rng.randint(4, 9),
        scatter=rng.uniform(-0.7, 0.7, (12, 2)),
        arc=(
            rng.uniform(0.6, 1.5),
            rng.uniform(0.5, 2.6),
            rng.uniform(0.12, 0.32),
        ),
        corner=rng.uniform(2.2, 6),
    )


def draw(sketch: Sketch, index: int) -> None:
    """Lay species `index` on the sketch."""
    traits, rng = species(index), sketch.rng
    hue = traits.hues[rng.randint(len(traits.hues))] + rng.normal(0, 0.018)
    saturation = traits.saturation * rng.uniform(0.8, 1.15)
    value = traits.value * rng.uniform(0.8, 1.15)
    first = hsv(hue, saturation, value)
    second_hue, second_saturation, second_value = traits.second
    second = hsv(second_hue + rng.normal(0, 0.02), second_saturation, second_value)
    paint = hsv(
        traits.attached_hue,
        0.6 * rng.uniform(0.8, 1.2),
        0.5 * rng.uniform(0.7, 1.2),
    )
    textured = mix(first, second, _texture(sketch, traits))
    skin = sketch.mottled(textured, 0.05)  # (S, S, 3)
    for name in traits.attachments:
        if name in BEHIND:
            _attach(sketch, name, traits, paint, skin)
    _Body(sketch, traits, skin).draw()
    for name in traits.attachments:
        if name not in BEHIND:
            _attach(sketch, name, traits, paint, skin)


def picture(seed: int, index: int) -> bytes:
    """The camera's file (JPEG bytes, 64 x 64) of picture `index` under `seed`.

    Its label, the species, is index % 1000. Three pictures in ten are worn.
    """
    rng = random_stream(seed, index)
    worn = rng.rand() < 0.3
    decay = rng.uniform(0.38, 1) if worn else rng.uniform(0, 0.22)
    return photograph(lambda sketch: draw(sketch, index % COUNT), rng, decay, oversample=1)


def _choose(rng: RandomState, weights: Mapping):
    """A key of `weights`, drawn with a probability in proportion to its weight."""
    threshold = rng.rand() * sum(weights.values())
    number = np.searchsorted(np.cumsum(list(weights.values())), threshold)
    return list(weights)[number]


def _wave(rng: RandomState, number: int) -> tuple[int, float, float]:
    count = rng.randint(1, 8)
    height = rng.normal(0, 0.1) / np.sqrt(number + 1)
    phase = rng.randint(2) * np.pi / 2
    return count, height, phase


def _texture(sketch: Sketch, traits: Traits) -> ndarray:
    """How much of the second colour there is at each pixel: (S, S), 0 to 1."""
    u, v, f = sketch.u, sketch.v, traits.frequency
    a, b = rotated(u, v, traits.angle)
    match traits.texture:
        case "stripes":
            return smoothstep(-0.3, 0.3, np.sin(1.6 * f * a + 0.8 * sketch.mottle))
        case "dots":
            x, y = 0.6 * f * a, 0.6 * f * b
            return smoothstep(0.07, 0.03, squared_distance(x, y, np.round(x), np.round(y)))
        case "blotches":
            return smoothstep(0, 0.4, fractal(sketch.rng, sketch.side, int(3 + f / 3), 3))
        case "gradient":
            return smoothstep(-0.9, 0.9, a)
        case "hatch":
            return smoothstep(0.1, 0.5, np.abs(np.sin(f * a) * np.sin(f * b)))
        case "rings":
            return smoothstep(-0.3, 0.3, np.sin(2 * f * np.hypot(u, v)))
        case "bands":
            return smoothstep(-0.2, 0.2, np.sin(1.2 * f * v + 2 * u * u))
        case "pores":
            return 0.35 * smoothstep(0.4, 1.2, sketch.noise(26))
    return np.zeros_like(u)  # plain


def _attach(sketch: Sketch, name: str, traits: Traits, paint: ndarray, skin: ndarray) -> None:
    """Lay one attachment in the colour `paint` (3,); a handle has the body's skin (S, S, 3)."""
    match name:
        case "stem":
            _stem(sketch, paint)
        case "leaf":
            sketch.leaf(0, 0.85, length=0.5, width=0.17, paint=paint)
        case "calyx":
            sketch.calyx(
                0.65,
                traits.petals,
                (0.5, 0.5),
                paint,
                flat=0.55,
            )
        case "tuft":
            sketch.tuft(0.65, traits.petals, (0.5, 0.5), paint)
        case "cap":
            mask, normal = ball(sketch.u, (sketch.v - 0.35) / 0.7, 0.8)
            sketch.add(
                mask * (sketch.v > 0.3),
                paint,
                normal,
                gloss=0.3,
                skin=True,
            )
        case "handle":
            from_ring = np.abs(np.hypot((sketch.u - 0.8) / 0.8, sketch.v) - 0.42)
            sketch.add(smoothstep(0.11, 0.07, from_ring), skin * 0.9, gloss=0.2)
        case "spikes":
            _spikes(sketch, 2 * traits.petals, paint)
        case "eyes":
            for x in (-0.25, 0.25):
                _eye(sketch, x)
        case "legs":
            for x in (-0.5, -0.2, 0.2, 0.5):
                sketch.stroke([(x, -0.5), (1.2 * x, -1.05)], 0.07, 0.05, paint)


def _stem(sketch, paint):
    points = [
        (0, 0.7),
        (sketch.rng.uniform(-0.1, 0.1), 0.95),
        (sketch.rng.uniform(-0.25, 0.25), 1.15),
    ]
    sketch.stroke(points, 0.055, 0.04, paint)


def _spikes(sketch, count, paint):
    for angle in np.arange(count) * np.pi / (count / 2):
        sin, cos = np.sin(angle), np.cos(angle)
        inner = (0.7 * cos, 0.7 * sin)
        outer = (1.15 * cos, 1.15 * sin)
        sketch.stroke([inner, outer], 0.07, 0.01, paint)


def _eye(sketch, x):
    white, black = np.full(3, 0.95), np.full(3, 0.05)
    eyeball = smoothstep(0.14, 0.11, np.hypot(sketch.u - x, sketch.v - 0.25))
    pupil = smoothstep(0.08, 0.06, np.hypot(sketch.u - x, sketch.v - 0.22))
    sketch.add(eyeball, white, gloss=0.3)
    sketch.add(pupil, black, gloss=0.3)


class _Body:
    """The body of a species, drawn on the sketch in coordinates u, v that are tilted with it."""

    def __init__(self, sketch: Sketch, traits: Traits, skin: ndarray) -> None:
        self.sketch = sketch
        self.traits = traits
        self.skin = skin
        self.u, self.v = rotated(sketch.u, sketch.v, traits.tilt)

    def draw(self) -> None:
        """Lay the body's parts on the sketch."""
        match self.traits.body:
            case "ball":
                height = min(self.traits.height, 1.1)
                self._round_part(
                    0,
                    0,
                    0.95,
                    height,
                    self.traits.width,
                    self._outline,
                )
            case "stack":
                self._stack()
            case "cluster":
                self._cluster()
            case "arc":
                self._arc()
            case "box" | "slab":
                self._box()
            case "cone":
                self._cone()

    def _add(self, mask, normal, paint=None):
        """Lay a layer of skin; the normal is in tilted coordinates."""
        nu, nv, nz = normal
        upright = (*rotated(nu, nv, -self.traits.tilt), nz)
        paint = self.skin if paint is None else paint
        self.sketch.add(
            mask,
            paint,
            upright,
            self.traits.gloss,
            skin=True,
        )

    def _round_part(self, x, y, radius, height=1.0, width=1.0, profile=None, paint=None):
        mask, normal = ball((self.u - x) / width, (self.v - y) / height, radius, profile)
        self._add(mask, normal, paint)

    def _outline(self, angle):
        """The factor of the radius at each angle: the species' waves and dimple, and wear."""
        depth, width = self.traits.dimple
        waves = sum(height * np.cos(n * angle + phase) for n, height, phase in self.traits.waves)
        dent = depth * np.exp(-((wrap_angle(angle) / width) ** 2))
        return (1 + waves - dent) * self.sketch.outline(angle, 0.015)

    def _stack(self):
        """Two or three balls, one on top of the other."""
        count = 2 + self.traits.parts % 2
        heights = np.linspace(-0.5, 0.5, count)
        radii = np.linspace(0.59, 0.59 * self.traits.width, count)
        for y, radius in zip(heights, radii, strict=True):
            self._round_part(
                0,
                y,
                radius,
                min(self.traits.height, 1),
                1,
                self.sketch.outline,
            )

    def _cluster(self):
        """Three to twelve balls, in a spiral or scattered."""
        rng, parts = self.sketch.rng, self.traits.parts
        size = 0.86 / np.sqrt(parts) + 0.07
        for number in range(parts):
            reach = 0.75 * np.sqrt((number + 0.5) / parts)
            x, y = self.traits.scatter[number]
            if self.traits.spiral:  # 2.4 is about the golden angle, so no two parts lie in a row
                x, y = reach * np.cos(2.4 * number), reach * np.sin(2.4 * number)
            x = x + rng.normal(0, 0.03)
            y = y + rng.normal(0, 0.03)
            self._round_part(x, y, size, paint=self.skin * rng.uniform(0.8, 1.15))

    def _arc(self):
        """A piece of a ring that gets thinner towards its ends."""
        radius, half, thick = self.traits.arc
        du = self.u
        dv = self.v - radius + 0.4
        distance = np.hypot(du, dv) + 1e-6
        along = np.arctan2(du, -dv) / half  # -1 to 1 from end to end
        taper = np.sqrt(np.clip(1 - np.abs(along) ** self.traits.corner, 0, 1))
        width = thick * taper * self.sketch.outline(along, 0.015)
        q = (distance - radius) / (width + 1e-4)
        across = np.clip(q, -1, 1)
        normal = (
            du / distance * across,
            dv / distance * across,
            towards_viewer(across**2),
        )
        mask = smoothstep(1.06, 0.94, np.abs(q)) * (np.abs(along) < 1)
        self._add(mask, normal)

    def _box(self):
        """A superellipse (Lame's curve) with the exponent `corner`; a slab is flat at its edges."""
        u, v, n = self.u, self.v, self.traits.corner
        a = np.abs(u / (0.9 * self.traits.width))
        b = np.abs(v / (0.8 * min(self.traits.height, 1.2)))
        q = (a**n + b**n) ** (1 / n) / self.sketch.outline(np.arctan2(u, v), 0.015)
        edge = smoothstep(0.75, 1, q) * (self.traits.body == "box")
        normal = (
            edge * np.sign(u) * a ** (n - 1),
            edge * np.sign(v) * b ** (n - 1),
            np.ones_like(u),
        )
        self._add(smoothstep(1.02, 0.98, q), normal)

    def _cone(self):
        """A cone, narrow at the top, with bulging or hollow sides."""
        u, v = self.u, self.v
        t = np.clip((v + 0.9) / 1.8, 0, 1)  # 0 at the bottom, 1 at the top
        taper = 0.85 * self.traits.width * (1 - t) ** self.traits.height + 0.05
        sagging = 1 + 0.1 * self.sketch.sag * np.sin(7 * t)
        q = np.abs(u) / (taper * sagging)
        across = np.clip(q, 0, 1) * np.sign(u)
        normal = (across, 0.3 + 0 * u, towards_viewer(across**2, least=0.05))
        mask = smoothstep(1.03, 0.97, q) * (np.abs(v) < 0.9)
        self._add(mask, normal)
