"""What every drawing is made of: frozen random streams, colours, smooth steps and noise.

Random numbers come from numpy's `RandomState`, whose streams never change (NEP 19), and all
arithmetic is float64, so every platform draws the same picture.
"""

import colorsys
from functools import cache

import numpy as np


def random_stream(*key: int) -> np.random.RandomState:
    """The random stream of a key of non-negative integers, such as (seed, index).

    Equal keys give equal streams; streams of different keys are independent (numpy's SeedSequence).
    """
    seed = np.random.SeedSequence(key)
    return np.random.RandomState(np.random.MT19937(seed))


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """The colour as an RGB array (3,) in 0..1; the hue wraps at 1, the others are clipped."""
    saturation = min(max(saturation, 0), 1)
    value = min(max(value, 0), 1)
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))


def random_hsv(
    rng: np.random.RandomState,
    hue: float | tuple[float, float],
    saturation: float | tuple[float, float],
    value: float | tuple[float, float],
) -> np.ndarray:
    """A colour, RGB (3,); each part is a number or a range (low, high) to draw it from."""
    parts = []
    for part in (hue, saturation, value):
        if isinstance(part, tuple):
            low, high = part
            part = rng.uniform(low, high)
        parts.append(part)
    return hsv(*parts)


def mix(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Linear interpolation of colours: `a` where `t` is 0, `b` where `t` is 1.

    `a` and `b` have shape (S, S, 3) or (3,), `t` has shape (S, S). Returns (S, S, 3).
    """
    return a + (b - a) * t[..., None]


def scaled(paint: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """`paint`, (S, S, 3) or (3,), times a factor (S, S) per pixel: (S, S, 3)."""
    return paint * factor[..., None]


def smoothstep(start: float, end: float, x: np.ndarray) -> np.ndarray:
    """0 at `start`, 1 at `end` (which may be the smaller one), and 3t^2 - 2t^3 in between.

    `x` has any shape, and so has the result.
    The cubic Hermite step of shading languages: GLSL 4.60 specification, section 8.3.
    """
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def wrap_angle(angle: np.ndarray) -> np.ndarray:
    """The same angles, in radians, brought to -pi..pi."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def rotated(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates (x, y) in axes that are turned counter-clockwise by `angle` radians.

    x and y are numbers or arrays of one shape.
    """
    sin, cos = np.sin(angle), np.cos(angle)
    return x * cos + y * sin, y * cos - x * sin


def ellipse(
    u: np.ndarray,
    v: np.ndarray,
    x: float,
    width: float,
    y: float,
    height: float,
) -> np.ndarray:
    """How far each point (u, v) is from (x, y): squared, 1 on an ellipse with these half axes."""
    return ((u - x) / width) ** 2 + ((v - y) / height) ** 2


def squared_distance(u: np.ndarray, v: np.ndarray, x: float, y: float) -> np.ndarray:
    """The square of the distance of each point (u, v) from (x, y)."""
    return (u - x) ** 2 + (v - y) ** 2


def noise(rng: np.random.RandomState, side: int, cells: int) -> np.ndarray:
    """Smooth noise (side, side): standard normal at cells x cells knots, cubic in between."""
    grow = _cubic_weights(side, cells + 2)  # (side, cells + 2)
    knots = rng.standard_normal((cells + 2, cells + 2))
    return grow @ knots @ grow.T


def fractal(
    rng: np.random.RandomState,
    side: int,
    cells: int,
    octaves: int,
    gain: float = 0.55,
) -> np.ndarray:
    """Fractal noise (side, side): a sum of octaves, each twice as fine as the one before.

    Each octave weighs `gain` times the one before; the weights sum to one.
    """
    weights = gain ** np.arange(octaves)
    total = 0
    for octave, weight in enumerate(weights):
        total = total + weight * noise(rng, side, cells * 2**octave)
    return total / weights.sum()


@cache
def _cubic_weights(side: int, cells: int) -> np.ndarray:
    """Interpolation matrix (side, cells) of the Catmull-Rom cubic; the knots at the edges repeat.

    The kernel is that of R. Keys, "Cubic convolution interpolation for digital image processing"
    (1981), with a = -1/2.
    """
    positions = (np.arange(side) + 0.5) / side * cells - 0.5  # (side,)
    left = np.floor(positions).astype(int)
    weights = np.zeros((side, cells))
    for tap in range(-1, 3):
        d = np.abs(positions - left - tap)
        near = 1.5 * d**3 - 2.5 * d**2 + 1
        far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
        knot = np.clip(left + tap, 0, cells - 1)
        np.add.at(weights, (np.arange(side), knot), np.where(d < 1, near, far))
    return weights
