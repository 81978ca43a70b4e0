"""The painter: grounds, light, skin, rot and camera, shared by the fruit stall and the thousand species.

A picture is a pure function of its key. Random numbers come from numpy's `RandomState`, whose streams are frozen for
good (NEP 19), and all arithmetic is float64, so every platform draws the same picture.

Object coordinates: `u` grows to the right, `v` grows upwards, an object fills about the unit disc. Colours are RGB in 0..1.
"""

import colorsys
import io
from collections import namedtuple
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from PIL import Image, ImageFilter

Layer = namedtuple("Layer", "mask colour normal gloss skin")


def stream(*key):
    """A frozen random stream for a key of non-negative integers."""
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence(key)))


def colour(hue, saturation, value):
    """RGB array (3,) of an HSV colour; the hue wraps, the others are clipped."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1)))


def mix(a, b, t):
    """`a` where t is 0, `b` where t is 1. Shapes (S, S, 3) or (3,), and (S, S) for t."""
    return a + (b - a) * t[..., None]


def step(start, end, x):
    """Smooth step: 0 at `start`, 1 at `end` (which may be the smaller one)."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def turn(angle):
    """The angle brought to -pi..pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


@cache
def _cubic(side, cells):
    """Interpolation matrix (side, cells) of the Catmull-Rom cubic, edges repeated."""
    where = (np.arange(side) + 0.5) / side * cells - 0.5
    left = np.floor(where).astype(int)
    weights = np.zeros((side, cells))
    for tap in range(-1, 3):
        d = np.abs(where - left - tap)
        w = np.where(d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2)
        np.add.at(weights, (np.arange(side), np.clip(left + tap, 0, cells - 1)), w)
    return weights


def noise(r, side, cells):
    """Smooth noise (side, side), standard normal at `cells` x `cells` knots."""
    grow = _cubic(side, cells + 2)
    return grow @ r.standard_normal((cells + 2, cells + 2)) @ grow.T


def fractal(r, side, cells, octaves, gain=0.55):
    """Octaves of noise, each finer and fainter, weights summing to one."""
    weights = gain ** np.arange(octaves)
    return sum(w * noise(r, side, cells * 2**k) for k, w in enumerate(weights)) / weights.sum()


# ---- grounds ------------------------------------------------------------------------------------------------------------


def _table(r, x, y, rough):
    horizon = r.uniform(0.3, 0.72) + 0.02 * noise(r, len(x), 3)
    wall = colour(r.rand(), r.uniform(0, 0.45), r.uniform(0.35, 0.95))
    hue = r.uniform(0.02, 0.14) if r.rand() < 0.6 else r.rand()
    wood = colour(hue, r.uniform(0.1, 0.7), r.uniform(0.25, 0.85))
    grain = (
        np.sin(2 * np.pi * (y * r.uniform(8, 30) * (0.6 + 0.6 * y) + 0.5 * rough))
        * r.uniform(0, 0.12)
        + 0.06 * rough
    )
    above = wall * (1.1 - 0.35 * y + 0.04 * rough)[..., None]
    below = wood * (0.675 + 0.35 * y + grain)[..., None]
    return mix(above, below, step(-0.01, 0.01, y - horizon))


def _cloth(r, x, y, rough):
    a = colour(r.rand(), r.uniform(0.1, 0.8), r.uniform(0.3, 0.95))
    b = colour(r.rand(), r.uniform(0, 0.7), r.uniform(0.3, 1))
    count, angle = r.uniform(3, 9), r.uniform(0, np.pi)
    s, t = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    pattern = r.randint(3)
    if pattern == 0:
        mask = np.sin(2 * np.pi * count * s) > r.uniform(-0.5, 0.5)  # stripes
    elif pattern == 1:
        mask = np.sin(2 * np.pi * count * s) * np.sin(2 * np.pi * count * t) > 0  # checks
    else:
        mask = (s * count % 1 - 0.5) ** 2 + (t * count % 1 - 0.5) ** 2 < r.uniform(
            0.04, 0.14
        )  # dots
    return mix(a, b, mask.astype(float)) * ((1 + 0.12 * rough) * (1.1 - 0.25 * y))[..., None]


def _meadow(r, x, y, rough):
    horizon = r.uniform(0.25, 0.6) + 0.05 * noise(r, len(x), 8)
    sky = colour(r.uniform(0.5, 0.62), r.uniform(0.1, 0.6), r.uniform(0.6, 1))
    grass = colour(r.uniform(0.2, 0.38), r.uniform(0.3, 0.8), r.uniform(0.2, 0.6))
    blades = 1 + 0.25 * np.abs(noise(r, len(x), 24))
    return mix(
        sky * (1 - 0.3 * y)[..., None], grass * blades[..., None], step(-0.02, 0.02, y - horizon)
    )


def _plate(r, x, y, rough):
    table = (
        colour(r.rand(), r.uniform(0.1, 0.6), r.uniform(0.2, 0.7)) * (1 + 0.12 * rough)[..., None]
    )
    china = colour(r.rand(), r.uniform(0, 0.25), r.uniform(0.75, 1))
    d = ((x - r.uniform(0.35, 0.65)) / r.uniform(0.4, 0.55)) ** 2 + (
        (y - r.uniform(0.5, 0.75)) / r.uniform(0.22, 0.38)
    ) ** 2
    image = mix(table, china * (1 - 0.15 * np.clip(d, 0, 1))[..., None], step(1.02, 0.98, d))
    return image * (1 - 0.25 * np.exp(-(((d - 1) / 0.05) ** 2)))[..., None]


def _blur(r, x, y, rough):
    a, b = (colour(r.rand(), r.uniform(0, 0.6), r.uniform(0.15, 0.95)) for _ in range(2))
    image = mix(a, b, step(-0.6, 0.6, 1.5 * rough + (y - 0.5) * r.uniform(-1, 1)))
    for _ in range(r.randint(8)):  # lights out of focus
        d = (x - r.rand()) ** 2 + (y - r.rand()) ** 2
        light = colour(r.rand(), r.uniform(0, 0.8), r.uniform(0.4, 1))
        image = mix(image, light, 0.6 * step(0.012 * r.uniform(0.4, 3), 0, d))
    return image


GROUNDS = (_table, _table, _cloth, _meadow, _plate, _blur)


def _crate(r, x, y, rough):
    slats, across = r.uniform(3, 7), y if r.rand() < 0.5 else x
    wood = colour(r.uniform(0.04, 0.11), r.uniform(0.3, 0.7), r.uniform(0.25, 0.55))
    gap = step(0.12, 0.05, np.abs(across * slats % 1 - 0.5) * 2)
    grain = 0.1 * np.sin(2 * np.pi * (across * r.uniform(20, 50) + 0.6 * rough)) + 0.08 * rough
    return wood * ((0.8 + grain) * (1 - 0.75 * gap))[..., None]


def _street(r, x, y, rough):
    horizon = r.uniform(0.45, 0.7)
    night = mix(
        colour(r.uniform(0.58, 0.72), r.uniform(0.2, 0.7), r.uniform(0.08, 0.25)),
        colour(r.uniform(0.02, 0.1), r.uniform(0.2, 0.6), r.uniform(0.15, 0.4)),
        step(-0.02, 0.02, y - horizon + 0.01 * rough),
    )
    for _ in range(r.randint(4, 14)):  # lamps and windows out of focus
        d = (x - r.rand()) ** 2 + (y - horizon * r.rand()) ** 2
        night = mix(
            night,
            colour(r.uniform(0, 0.17), r.uniform(0.2, 0.9), r.uniform(0.6, 1)),
            0.7 * step(0.01 * r.uniform(0.2, 2), 0, d),
        )
    return night


def _paper(r, x, y, rough):
    folds = np.abs(noise(r, len(x), 5)) + 0.5 * np.abs(noise(r, len(x), 11))
    return (
        colour(r.uniform(0.06, 0.13), r.uniform(0.1, 0.5), r.uniform(0.4, 0.8))
        * (1.05 - 0.22 * folds + 0.05 * rough)[..., None]
    )


EVENING_GROUNDS = (_crate, _crate, _street, _paper)


# ---- objects ------------------------------------------------------------------------------------------------------------


class Sketch:
    """One object on its coordinate grid: layers of colour and surface normal, laid back to front.

    `u`, `v` have shape (S, S); `sag` (0 and up) is how far the outline has lost its shape.
    """

    FLAT = (0.0, 0.0, 1.0)

    def __init__(self, r, u, v, sag):
        self.r, self.u, self.v, self.sag = r, u, v, sag
        self.side = len(u)
        self.layers = []
        self.waves = [(r.randint(2, 7), r.uniform(-1, 1), r.uniform(0, 6.3)) for _ in range(4)]
        self.brown = colour(r.uniform(0.06, 0.1), r.uniform(0.4, 0.7), r.uniform(0.2, 0.45))
        self.green = colour(r.uniform(0.24, 0.36), r.uniform(0.5, 0.85), r.uniform(0.3, 0.6))
        self.mottle = fractal(r, self.side, 6, 3)

    def outline(self, angle, base=0.0):
        """Radius factor of an irregular outline; `base` is the irregularity of a fresh one."""
        return 1 + (0.05 * self.sag + base) * sum(
            a * np.sin(k * angle + p) for k, a, p in self.waves
        )

    def add(self, mask, paint, normal=FLAT, gloss=0.0, skin=False):
        """Lay one layer; only `skin` rots."""
        self.layers.append(Layer(mask, paint, normal, gloss, skin))

    def noise(self, cells):
        return noise(self.r, self.side, cells)

    def stroke(self, points, start, end, paint, frame=None):
        """A line through `points`, its half width going from `start` to `end`; `frame` replaces the grid (u, v)."""
        u, v = frame or (self.u, self.v)
        mask, last = np.zeros_like(u), len(points) - 1
        for i, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            dx, dy = bx - ax, by - ay
            t = np.clip(((u - ax) * dx + (v - ay) * dy) / (dx * dx + dy * dy + 1e-9), 0, 1)
            width = start + (end - start) * (i + t) / last
            mask = np.maximum(
                mask, step(width * 1.25, width * 0.75, np.hypot(u - ax - t * dx, v - ay - t * dy))
            )
        self.add(mask, paint)

    def stem(self, x, y, length, width=0.05, paint=None):
        bend = self.r.uniform(-0.25, 0.25) * length
        points = [(x, y), (x + 0.4 * bend, y + length / 2), (x + bend, y + length)]
        self.stroke(points, width, 0.8 * width, self.brown if paint is None else paint)

    def leaf(self, x, y, angle=None, length=0.45, width=0.16, flat=1.0, paint=None):
        """A leaf from (x, y) towards `angle`; `flat` < 1 sees it from the side."""
        if angle is None:
            angle = self.r.uniform(0.1, 0.7)
            angle = angle if self.r.rand() < 0.5 else np.pi - angle
        s, c = np.sin(angle), np.cos(angle)
        du, dv = self.u - x, (self.v - y) / flat
        along, across = (du * c + dv * s) / length, np.abs(dv * c - du * s) / width
        mask = (along > 0) & (along < 1) & (across < np.sin(np.pi * np.clip(along, 0, 1)) ** 0.8)
        vein = 0.75 + 0.35 * np.clip(across, 0, 1)
        self.add(
            mask.astype(float),
            (self.green if paint is None else paint) * vein[..., None],
            gloss=0.1,
        )

    def calyx(self, y, count, lengths, paint=None, flat=0.5, width=0.1):
        """A star of small leaves around (0, y)."""
        first = self.r.uniform(0, 6)
        for i in range(count):
            self.leaf(
                0, y, first + 2 * np.pi * i / count, self.r.uniform(*lengths), width, flat, paint
            )

    def tuft(self, y, count, lengths, paint=None):
        """Leaves that fan out upwards from (0, y)."""
        paint = self.green if paint is None else paint
        for _ in range(count):
            self.leaf(
                0,
                y,
                np.pi / 2 + self.r.uniform(-0.9, 0.9),
                self.r.uniform(*lengths),
                0.1,
                paint=paint * self.r.uniform(0.7, 1.1),
            )


def ball(u, v, radius=1.0, profile=None):
    """A ball around the origin: mask, normal. `profile(angle)` scales the radius; angle 0 points up."""
    distance = np.hypot(u, v) + 1e-6
    q = distance / (radius if profile is None else radius * profile(np.arctan2(u, v)))
    inside = np.clip(q, 0, 1)
    return step(1.02, 0.98, q), (
        u / distance * inside,
        v / distance * inside,
        np.sqrt(1 - inside**2),
    )


# ---- light, rot, camera -------------------------------------------------------------------------------------------------


def _shade(image, layers, light, r, rot):
    """Lay the layers over the image, lit; `rot` wrinkles, stains and moulds the skin."""
    ambient, power = r.uniform(0.35, 0.55), r.uniform(0.85, 1.15)
    diffuse = 1.05 - 0.6 * ambient
    half = light + np.array([0, 0, 1])
    half = half / np.linalg.norm(half)
    for mask, paint, normal, gloss, skin in layers:
        if skin:
            paint, normal, gloss = rot(paint, normal, gloss)
        facing = np.clip(sum(n * d for n, d in zip(normal, light)), 0, None)
        shine = np.clip(sum(n * d for n, d in zip(normal, half)), 0, 1) ** 28
        lit = np.clip(paint, 0, 1) * np.atleast_1d((ambient + diffuse * facing) * power)[..., None]
        image = mix(image, lit + np.atleast_1d(gloss * 0.55 * shine)[..., None], mask)
    return image


def _rot(r, u, v, decay):
    """The function that ages skin by `decay` (0 fresh, 1 gone): spots, mould, wrinkles, lost colour."""
    side = len(u)
    old, rough = max(0.0, decay - 0.3), fractal(r, side, 4, 4)
    spots, mould = np.zeros_like(u), np.zeros_like(u)
    if decay > 0.05:
        for _ in range(round(1 + 5 * decay)):
            x, y = r.uniform(-0.7, 0.7), r.uniform(-0.75, 0.6)
            radius = r.uniform(0.08, 0.18) + (0.34 * decay * r.rand() if decay > 0.3 else 0)
            spots = np.maximum(
                spots, step(radius, 0.55 * radius, np.hypot(u - x, v - y) + 0.16 * rough)
            )
        spots = 0.85 * spots * min(1, 0.25 + 1.1 * decay)
    if decay > 0.5 and r.rand() < 0.5:
        x, y = r.uniform(-0.5, 0.5, 2)
        fuzz = np.clip(0.75 + 0.4 * noise(r, side, 40), 0, 1)
        mould = step(0.42 * decay, 0.1, np.hypot(u - x, v - y) + 0.2 * rough) * fuzz
    stain = colour(r.uniform(0.05, 0.1), r.uniform(0.35, 0.7), r.uniform(0.08, 0.3))
    fur = colour((0.38, 0.45, 0.15)[r.randint(3)], r.uniform(0.02, 0.25), r.uniform(0.6, 0.9))
    wrinkle = fractal(r, side, 10, 3) * old * 0.9

    def age(paint, normal, gloss):
        grey = paint.mean(-1, keepdims=True)
        paint = (paint + (grey - paint) * 0.45 * old) * (1 - 0.32 * old)
        paint = mix(mix(paint, stain, spots), fur, np.clip(mould, 0, 1))
        return (
            paint,
            (normal[0] + wrinkle, normal[1] + np.roll(wrinkle, 5, 0), normal[2]),
            gloss * (1 - 0.8 * max(0, decay - 0.2)),
        )

    return age


def photograph(draw, r, decay, size=64, oversample=2, grounds=GROUNDS, lamp=None):
    """Draw one object on a random ground in random light and photograph it.

    draw(sketch) lays the object's layers; decay runs from 0 (fresh) to 1; `lamp` is the colour of a lamp above it, None daylight.
    Returns the camera's file: JPEG bytes, size x size pixels.
    """
    side = size * oversample
    py, px = np.mgrid[0:side, 0:side].astype(float)
    x, y = px / side, py / side
    image = grounds[r.randint(len(grounds))](r, x, y, fractal(r, side, r.randint(2, 6), 5))

    scale, tilt = r.uniform(0.26, 0.44), np.deg2rad(r.uniform(-22, 22))
    right, up = (
        (x - 0.5 - r.uniform(-0.13, 0.13)) / scale,
        (0.52 + r.uniform(-0.11, 0.11) - y) / scale,
    )
    s, c = np.sin(tilt), np.cos(tilt)
    u, v = right * c + up * s, up * c - right * s
    v = v * (1 + 0.12 * max(0, decay - 0.4) * r.rand())  # old things slump
    azimuth, height = r.uniform(-1.1, 1.1), r.uniform(0.45, 0.85)
    east, north = np.sin(azimuth) * np.cos(height), np.cos(azimuth) * np.cos(height)
    light = np.array([east * c + north * s, north * c - east * s, np.sin(height)])
    shadow = ((right + 0.3 * east) / 1.05) ** 2 + ((up + 0.88) / 0.28) ** 2
    image = image * (1 - r.uniform(0.25, 0.6) * np.exp(-1.4 * shadow))[..., None]

    sketch = Sketch(r, u, v, 1.2 * max(0, decay - 0.25))
    draw(sketch)
    image = _shade(image, sketch.layers, light, r, _rot(r, u, v, decay))

    if r.rand() < 0.25:  # something at the border gets into the picture
        edge = r.uniform(-0.05, 0.1) if r.rand() < 0.5 else r.uniform(0.9, 1.05)
        d = np.hypot((x - edge) / r.uniform(0.08, 0.22), (y - r.rand()) / r.uniform(0.08, 0.3))
        image = mix(
            image, colour(r.rand(), r.uniform(0.1, 0.8), r.uniform(0.2, 0.9)), step(1.05, 0.95, d)
        )

    if lamp is not None:
        d = (x - r.uniform(0.3, 0.7)) ** 2 + (y - r.uniform(0.3, 0.7)) ** 2
        image = image * lamp * (0.35 + 0.75 * np.exp(-d / r.uniform(0.08, 0.3)))[..., None]
    image = image * np.exp(r.normal(0, 0.14) + r.normal(0, 0.06, 3))  # exposure and white balance
    vignette = 1 - r.uniform(0, 0.7) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    image = np.clip(image * vignette[..., None], 0, 1) ** np.exp(r.normal(0, 0.12))
    lens = Image.fromarray((image * 255 + 0.5).astype(np.uint8))
    lens = lens.filter(ImageFilter.GaussianBlur(r.uniform(0, 0.9) * oversample)).resize(
        (size, size), Image.Resampling.BOX
    )
    grain = r.normal(0, r.uniform(1, 6), (size, size, 3))
    pixels = np.clip(np.asarray(lens) + grain + 0.5, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def develop(files):
    """uint8 tensor (N, 3, H, W) of JPEGs in bytes, all of one size."""
    images = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
