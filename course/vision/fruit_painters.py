"""How each fruit of the stalls is drawn: one function a fruit, which lays the layers of a sketch.

A painter takes the sketch and the hue of the fruit's skin. The order of its random draws is part of
the pictures: another order draws other ones.
"""

import numpy as np
from numpy import ndarray

from course.vision.primitives import (
    ellipse,
    hsv,
    mix,
    random_hsv,
    rotated,
    scaled,
    smoothstep,
    wrap_angle,
)
from course.vision.sketch import Normal, Sketch, ball, towards_viewer

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


def draw_fruit(sketch: Sketch, name: str) -> None:
    """Lay the fruit called `name`, in a hue drawn from its ranges in HUES."""
    ranges = HUES[name]
    low, high = ranges[sketch.rng.randint(len(ranges))]
    PAINTERS[name](sketch, sketch.rng.uniform(low, high))


def _bump(x: ndarray, width: float) -> ndarray:
    """A Gaussian bump: 1 where x is 0, 1/e where it is `width`."""
    return np.exp(-((x / width) ** 2))


def _pores(sketch: Sketch, normal: Normal, depth: float) -> tuple[Normal, ndarray]:
    """The normal roughened by pores, and the pores themselves, (S, S)."""
    pores = sketch.noise(25) * 0.5
    rough = (
        normal[0] + depth * pores,
        normal[1] + depth * np.roll(pores, 3, 0),
        normal[2],
    )
    return rough, pores


def _apple(sketch: Sketch, hue: float) -> None:
    """An apple with streaks of a second colour and a dent at the stem and at the bottom."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    top, bottom = rng.uniform(0.12, 0.25), rng.uniform(0.04, 0.12)  # depths of the two dents
    squat = rng.uniform(-0.1, 0.08)

    def profile(angle):
        from_top = wrap_angle(angle)
        from_bottom = np.abs(from_top) - np.pi
        dents = top * _bump(from_top, 0.38) + bottom * _bump(from_bottom, 0.35)
        return (1 - dents - 0.36 * squat * np.cos(2 * angle)) * sketch.outline(angle)

    if rng.rand() < 0.85:
        sketch.stem(0, 0.72, rng.uniform(0.25, 0.42))
    mask, normal = ball(u, v, 0.95, profile)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.65, 0.95),
        value=(0.5, 0.9),
    )
    streak = random_hsv(
        rng,
        hue=(0.1, 0.2),
        saturation=(0.4, 0.7),
        value=(0.7, 0.95),
    )
    rays = np.sin(14 * np.arctan2(u, v + 1.2) + 3 * sketch.mottle)
    pattern = 1.2 * sketch.mottle + 0.18 * rays + rng.uniform(-0.6, 0.2)
    streaks = smoothstep(-0.4, 0.8, pattern)
    streaked = mix(skin, streak, 0.7 * streaks)
    from_stem = ellipse(u, v, x=0, width=0.28, y=0.72, height=0.16)
    hollow = np.exp(-from_stem)  # darker than the rest
    paint = scaled(streaked, 1 - 0.45 * hollow)
    sketch.add(
        mask,
        paint,
        normal,
        gloss=0.5,
        skin=True,
    )
    if rng.rand() < 0.45:
        sketch.leaf(0, 0.85)


def _banana(sketch: Sketch, hue: float) -> None:
    """One to three bananas: each is a piece of a ring that gets thinner towards its ends."""
    rng = sketch.rng
    radius = rng.uniform(0.95, 1.35)
    half = rng.uniform(0.62, 0.85)  # half the angle of the ring that a banana takes
    thick = rng.uniform(0.2, 0.3)
    flip = rng.choice([-1, 1])
    count = rng.choice([1, 1, 2, 3])
    lean = rng.uniform(-0.5, 0.5)
    for number in range(count):
        offset = 0.2 * (number - (count - 1) / 2)
        angle = lean + 0.3 * offset
        a, b = rotated(sketch.u, sketch.v, angle)
        a = a * flip
        cx, cy = 0.25 * offset, radius - 0.35 + offset  # the middle of the ring
        distance = np.hypot(a - cx, b - cy) + 1e-6
        along = np.arctan2(a - cx, cy - b) / half  # -1 to 1 from end to end
        taper = np.sqrt(np.clip(1 - np.abs(along) ** 3.2, 0, 1))
        sagging = 1 + 0.1 * sketch.sag * np.sin(6 * along + sketch.waves[1].phase)
        width = thick * taper * sagging
        q = (distance - radius) / (width + 1e-4)
        across = np.clip(q, -1, 1)
        na = (a - cx) / distance * across * flip
        nb = (b - cy) / distance * across
        normal = (*rotated(na, nb, -angle), towards_viewer(across**2))
        skin_hue = hue + rng.uniform(-0.01, 0.01)
        skin = random_hsv(
            rng,
            hue=skin_hue,
            saturation=(0.6, 0.9),
            value=(0.75, 0.98),
        )
        ridge = 0.1 * _bump(across - 0.25, 0.08)
        tip = smoothstep(0.86, 1, -along)
        paint = mix(scaled(skin, 1 + 0.05 * sketch.mottle - ridge), sketch.brown, tip)
        x = cx + radius * np.sin(0.97 * half)
        y = cy - radius * np.cos(0.97 * half)
        stalk = [(x, y), (x + 0.1, y + 0.18)]
        stalk_paint = hsv(hue + 0.03, 0.6, 0.6)
        sketch.stroke(
            stalk,
            0.32 * thick,
            0.25 * thick,
            stalk_paint,
            (a, b),
        )
        mask = smoothstep(1.06, 0.94, np.abs(q)) * (np.abs(along) < 1)
        sketch.add(
            mask,
            paint,
            normal,
            gloss=0.25,
            skin=True,
        )


def _lemon(sketch: Sketch, hue: float) -> None:
    """A lemon at any angle: an ellipse with a green tip at both ends."""
    rng = sketch.rng
    angle, squat = rng.uniform(-0.7, 0.7), rng.uniform(0.66, 0.78)
    a, b = rotated(sketch.u, sketch.v, angle)  # a along the lemon, b across

    def profile(direction):
        from_tip = np.abs(wrap_angle(direction)) - np.pi / 2
        return (1 + 0.2 * _bump(from_tip, 0.22)) * sketch.outline(direction)

    mask, (na, nb, nz) = ball(a, b / squat, 0.82, profile)
    normal, _ = _pores(sketch, (*rotated(na, nb, -angle), nz), 0.08)
    tips = 0.8 * np.exp(-(((np.abs(a) - 0.95) / 0.1) ** 2) - (b / 0.15) ** 2)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.65, 0.95),
        value=(0.8, 1),
    )
    paint = mix(sketch.mottled(skin, 0.05), sketch.green, tips)
    sketch.add(
        mask,
        paint,
        normal,
        gloss=0.4,
        skin=True,
    )
    if rng.rand() < 0.3:
        sketch.leaf(0.85 * np.cos(angle), 0.85 * np.sin(angle), length=0.4, width=0.14)


def _orange(sketch: Sketch, hue: float) -> None:
    """An orange: pores, and a button where the stem was."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    mask, normal = ball(u, v / rng.uniform(0.92, 1), 0.96, sketch.outline)
    normal, pores = _pores(sketch, normal, 0.1)
    x, y = rng.uniform(-0.3, 0.3), rng.uniform(0.35, 0.75)
    from_button = ellipse(
        u,
        v,
        x=x,
        width=0.1,
        y=y,
        height=0.08,
    )
    button = np.clip(1.3 * np.exp(-from_button), 0, 1)  # where the stem was
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.8, 0.98),
        value=(0.75, 1),
    )
    skin = scaled(skin, 1 + 0.06 * pores + 0.05 * sketch.mottle)
    sketch.add(
        mask,
        mix(skin, 0.8 * sketch.green, button),
        normal,
        gloss=0.35,
        skin=True,
    )
    if rng.rand() < 0.3:
        sketch.leaf(x, y + 0.05, length=0.5, width=0.17)


def _pear(sketch: Sketch, hue: float) -> None:
    """A pear: half an ellipse up to its widest place, at t = 0.32, and a cosine up to the neck."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    wide, neck = rng.uniform(0.62, 0.74), rng.uniform(0.3, 0.4)
    lean = rng.uniform(-0.12, 0.12)
    t = np.clip((v + 0.95) / 1.85, 0, 1)  # 0 at the bottom, 1 at the top
    belly = wide * np.sqrt(np.clip(1 - ((t - 0.32) / 0.34) ** 2, 0, 1))
    slope = 0.5 + 0.5 * np.cos(np.pi * np.clip((t - 0.32) / 0.45, 0, 1))
    shoulder = np.clip((t - 0.8) / 0.2, 0, 1)
    taper = (neck + (wide - neck) * slope) * np.sqrt(1 - shoulder**2)
    sagging = 1 + 0.1 * sketch.sag * np.sin(7 * t + sketch.waves[0].phase)
    half = np.where(t < 0.32, belly, taper) * sagging  # half the width at this height

    aside = u - lean * t * t
    q = np.abs(aside) / (half + 1e-4)
    across = np.sign(aside) * np.clip(q, 0, 1)
    upward = np.where(t < 0.32, t / 0.32 - 1, shoulder * 0.9 + 0.12)
    towards = 1 - across**2 - 0.8 * np.clip(upward, -0.95, 0.95) ** 2
    normal = (
        across,
        upward,
        np.sqrt(np.clip(towards, 0.02, 1)),
    )
    sketch.stem(lean, 0.84, rng.uniform(0.22, 0.36))

    freckles = 1 - 0.12 * (sketch.noise(40) > 1)
    cheek = u * rng.choice([-1, 1]) + 0.4 * sketch.mottle  # the side that saw the sun
    blush = smoothstep(-0.2, 1, cheek) * rng.uniform(0, 0.55)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.5, 0.85),
        value=(0.6, 0.92),
    )
    red = random_hsv(
        rng,
        hue=(0, 0.06),
        saturation=0.7,
        value=0.75,
    )
    paint = scaled(mix(skin, red, blush), freckles)
    mask = smoothstep(1.03, 0.97, q) * ((t > 0) & (t < 1) & (half > 0.02))
    sketch.add(
        mask,
        paint,
        normal,
        gloss=0.3,
        skin=True,
    )
    if rng.rand() < 0.35:
        sketch.leaf(lean, 0.9)


def _tomato(sketch: Sketch, hue: float) -> None:
    """A tomato, shiny and a little flat, with a star of green leaves."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    squat = rng.uniform(0.78, 0.95)
    lobes, phase = rng.uniform(0, 0.035), rng.uniform(0, 6)

    def profile(angle):
        dent = 0.08 * _bump(wrap_angle(angle), 0.5)
        return (1 - dent + lobes * np.cos(5 * angle + phase)) * sketch.outline(angle)

    mask, normal = ball(u, v / squat, 0.97, profile)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.75, 0.95),
        value=(0.55, 0.9),
    )
    sketch.add(
        mask,
        sketch.mottled(skin, 0.05),
        normal,
        gloss=0.9,
        skin=True,
    )
    sketch.calyx(0.62 * squat, rng.randint(5, 7), (0.4, 0.6), width=0.09)
    sketch.stem(
        0,
        0.62 * squat,
        rng.uniform(0.12, 0.25),
        0.045,
        0.9 * sketch.green,
    )


def _strawberry(sketch: Sketch, hue: float) -> None:
    """A strawberry: a heart with rows of seeds and leaves at the top."""
    rng, u, v = sketch.rng, sketch.u, sketch.v

    def profile(angle):
        tip = 0.2 * _bump(np.abs(wrap_angle(angle)) - np.pi, 0.7)
        heart = 0.8 + 0.044 * np.cos(angle) + 0.056 * np.cos(2 * angle) + tip
        return heart * sketch.outline(angle)

    mask, normal = ball(u, v - 0.1, 1.05, profile)
    y = 6.5 * v  # in rows of seeds
    x = 6.5 * u + 0.5 * np.round(y) % 2  # every second row is shifted
    dx = x - np.round(x)
    dy = y - np.round(y)
    seeds = 0.8 * (dx**2 * 1.6 + dy**2 < 0.035)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.8, 0.95),
        value=(0.6, 0.9),
    )
    paint = mix(sketch.mottled(skin, 0.06), hsv(0.13, 0.6, 0.9), seeds)
    sketch.add(
        mask,
        paint,
        normal,
        gloss=0.7,
        skin=True,
    )
    count = rng.randint(6, 9)
    for number in range(count):
        angle = np.pi * (1.5 * (number + 0.5) / count - 0.25) + rng.uniform(-0.2, 0.2)
        sketch.leaf(
            0,
            0.85,
            angle,
            rng.uniform(0.4, 0.65),
            0.13,
            0.6,
        )
    sketch.stem(0, 0.9, rng.uniform(0.1, 0.25), 0.04, sketch.green)


def _grapes(sketch: Sketch, hue: float) -> None:
    """A bunch of grapes: six rows, fewer towards the bottom."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    size = rng.uniform(0.2, 0.26)
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.4, 0.75),
        value=(0.35, 0.75),
    )
    sketch.stem(0, 0.6, 0.4, 0.045)
    for row, count in enumerate((4, 5, 4, 3, 2, 1)):
        for number in range(count):
            x = (number - (count - 1) / 2) * 1.45 * size + rng.uniform(-0.05, 0.05)
            y = 0.55 - 1.25 * row * size + rng.uniform(-0.05, 0.05)
            mask, normal = ball(u - x, v - y, size * rng.uniform(0.9, 1.1))
            sketch.add(
                mask,
                skin * rng.uniform(0.8, 1.15),
                normal,
                gloss=0.6,
                skin=True,
            )
    if rng.rand() < 0.5:
        sketch.leaf(0, 0.75, length=0.5, width=0.22)


def _cherry(sketch: Sketch, hue: float) -> None:
    """Two cherries whose stems meet at the top."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    skin = random_hsv(
        rng,
        hue=hue,
        saturation=(0.7, 0.95),
        value=(0.4, 0.8),
    )
    x, y = rng.uniform(-0.15, 0.15), 0.95  # where the stems meet

    def profile(angle):
        return sketch.outline(angle) * (1 - 0.12 * _bump(wrap_angle(angle), 0.4))

    for side in (-0.45, 0.45):
        cx = side + rng.uniform(-0.06, 0.06)
        cy = -0.45 + rng.uniform(-0.15, 0.15)
        mask, normal = ball(u - cx, v - cy, rng.uniform(0.38, 0.46), profile)
        sketch.add(
            mask,
            skin,
            normal,
            gloss=1.0,
            skin=True,
        )
        stem = [(cx, cy + 0.33), (0.6 * cx + 0.4 * x, 0.4), (x, y)]
        sketch.stroke(stem, 0.035, 0.03, hsv(0.22, 0.6, 0.45))
    if rng.rand() < 0.5:
        sketch.leaf(x, y - 0.02, length=0.5, width=0.17)


def _pineapple(sketch: Sketch, hue: float) -> None:
    """A pineapple: diamonds between two families of grooves, and a tuft of leaves."""
    rng, u, v = sketch.rng, sketch.u, sketch.v
    sketch.tuft(0.3, rng.randint(8, 12), (0.45, 0.72))
    mask, normal = ball(u / 0.62, (v + 0.3) / 0.72, 0.95, sketch.outline)
    bulge = u / 0.62 * (1 + 0.3 * u * u)
    diamonds = np.abs(np.sin(7 * (bulge + v)) * np.sin(7 * (bulge - v)))
    grooves = hsv(hue - 0.03, 0.8, 0.45)
    scales = random_hsv(
        rng,
        hue=hue,
        saturation=(0.6, 0.85),
        value=(0.7, 0.95),
    )
    paint = mix(grooves, scales, smoothstep(0.05, 0.5, diamonds))
    sketch.add(
        mask,
        paint,
        normal,
        gloss=0.2,
        skin=True,
    )


PAINTERS = {
    "apple": _apple,
    "banana": _banana,
    "lemon": _lemon,
    "orange": _orange,
    "pear": _pear,
    "tomato": _tomato,
    "strawberry": _strawberry,
    "grapes": _grapes,
    "cherry": _cherry,
    "pineapple": _pineapple,
}
