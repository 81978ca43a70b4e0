"""The thousand species: random bodies, textures, attachments and colours, no fruit among them. What the backbone learnt to name.

Drawn by the same painter as the fruit (same grounds, light and camera), so transfer from species to fruit is easier than
transfer between real photograph collections; the model card says so.
"""

from functools import cache

import numpy as np

from course.vision.drawing import ball, colour, fractal, mix, photograph, step, stream, turn

COUNT = 1000
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
BEHIND = ("stem", "tuft", "legs", "handle")  # drawn before the body


def _choose(r, weights):
    return list(weights)[
        np.searchsorted(np.cumsum(list(weights.values())), r.rand() * sum(weights.values()))
    ]


@cache
def species(index):
    """What all pictures of species `index` (0 to 999) have in common."""
    q = stream(777, index)
    return dict(
        body=_choose(q, BODIES),
        height=np.exp(q.uniform(-0.7, 0.35)),
        width=np.exp(q.uniform(-0.5, 0.1)),
        waves=[
            (q.randint(1, 8), q.normal(0, 0.1) / np.sqrt(j + 1), q.randint(2) * np.pi / 2)
            for j in range(3)
        ],
        dimple=(q.uniform(0, 0.3) * (q.rand() < 0.4), q.uniform(0.2, 0.6)),
        tilt=q.uniform(-0.9, 0.9) * (q.rand() < 0.4),
        hues=q.rand(1 + int(_choose(q, {0: 0.4, 1: 0.3, 2: 0.2, 3: 0.1}))),
        saturation=q.uniform(0.15, 0.95),
        value=q.uniform(0.3, 0.95),
        texture=_choose(q, TEXTURES),
        frequency=q.uniform(3, 12),
        angle=q.uniform(0, np.pi),
        second=(q.rand(), q.uniform(0, 0.9), q.uniform(0.1, 1)),
        attachments=[name for name, p in ATTACHMENTS.items() if q.rand() < p],
        attached=q.rand() if q.rand() < 0.5 else q.uniform(0.2, 0.4),
        gloss=(0, 0.2, 0.5, 1.0)[q.randint(4)],
        parts=q.randint(3, 13),
        spiral=q.rand() < 0.5,
        petals=q.randint(4, 9),
        scatter=q.uniform(-0.7, 0.7, (12, 2)),
        arc=(q.uniform(0.6, 1.5), q.uniform(0.5, 2.6), q.uniform(0.12, 0.32)),
        corner=q.uniform(2.2, 6),
    )


def _texture(k, p):
    u, v, f = k.u, k.v, p["frequency"]
    a, b = (
        u * np.cos(p["angle"]) + v * np.sin(p["angle"]),
        v * np.cos(p["angle"]) - u * np.sin(p["angle"]),
    )
    match p["texture"]:
        case "stripes":
            return step(-0.3, 0.3, np.sin(1.6 * f * a + 0.8 * k.mottle))
        case "dots":
            x, y = 0.6 * f * a, 0.6 * f * b
            return step(0.07, 0.03, (x - np.round(x)) ** 2 + (y - np.round(y)) ** 2)
        case "blotches":
            return step(0, 0.4, fractal(k.r, k.side, int(3 + f / 3), 3))
        case "gradient":
            return step(-0.9, 0.9, a)
        case "hatch":
            return step(0.1, 0.5, np.abs(np.sin(f * a) * np.sin(f * b)))
        case "rings":
            return step(-0.3, 0.3, np.sin(2 * f * np.hypot(u, v)))
        case "bands":
            return step(-0.2, 0.2, np.sin(1.2 * f * v + 2 * u * u))
        case "pores":
            return 0.35 * step(0.4, 1.2, k.noise(26))
    return np.zeros_like(u)


def _attach(k, name, p, paint, skin):
    r, u, v = k.r, k.u, k.v
    match name:
        case "stem":
            k.stroke(
                [(0, 0.7), (r.uniform(-0.1, 0.1), 0.95), (r.uniform(-0.25, 0.25), 1.15)],
                0.055,
                0.04,
                paint,
            )
        case "leaf":
            k.leaf(0, 0.85, length=0.5, width=0.17, paint=paint)
        case "calyx":
            k.calyx(0.65, p["petals"], (0.5, 0.5), paint, flat=0.55)
        case "tuft":
            k.tuft(0.65, p["petals"], (0.5, 0.5), paint)
        case "cap":
            mask, normal = ball(u, (v - 0.35) / 0.7, 0.8)
            k.add(mask * (v > 0.3), paint, normal, 0.3, True)
        case "handle":
            k.add(
                step(0.11, 0.07, np.abs(np.hypot((u - 0.8) / 0.8, v) - 0.42)), skin * 0.9, gloss=0.2
            )
        case "spikes":
            for angle in np.arange(2 * p["petals"]) * np.pi / p["petals"]:
                s, c = np.sin(angle), np.cos(angle)
                k.stroke([(0.7 * c, 0.7 * s), (1.15 * c, 1.15 * s)], 0.07, 0.01, paint)
        case "eyes":
            for x in (-0.25, 0.25):
                k.add(step(0.14, 0.11, np.hypot(u - x, v - 0.25)), np.full(3, 0.95), gloss=0.3)
                k.add(step(0.08, 0.06, np.hypot(u - x, v - 0.22)), np.full(3, 0.05), gloss=0.3)
        case "legs":
            for x in (-0.5, -0.2, 0.2, 0.5):
                k.stroke([(x, -0.5), (1.2 * x, -1.05)], 0.07, 0.05, paint)


def _body(k, p, skin):
    c, s = np.cos(p["tilt"]), np.sin(p["tilt"])
    u, v = k.u * c + k.v * s, k.v * c - k.u * s
    parts, gloss = p["parts"], p["gloss"]

    def add(mask, nu, nv, nz, paint=skin):
        k.add(mask, paint, (nu * c - nv * s, nu * s + nv * c, nz), gloss, True)

    def round_part(x, y, radius, height=1.0, width=1.0, profile=None, paint=skin):
        mask, normal = ball((u - x) / width, (v - y) / height, radius, profile)
        add(mask, *normal, paint)

    def outline(angle):
        dent, breadth = p["dimple"]
        return (
            1
            + sum(a * np.cos(n * angle + q) for n, a, q in p["waves"])
            - dent * np.exp(-((turn(angle) / breadth) ** 2))
        ) * k.outline(angle, 0.015)

    match p["body"]:
        case "ball":
            round_part(0, 0, 0.95, min(p["height"], 1.1), p["width"], outline)
        case "stack":
            for y, radius in zip(
                np.linspace(-0.5, 0.5, 2 + parts % 2),
                np.linspace(0.59, 0.59 * p["width"], 2 + parts % 2),
            ):
                round_part(0, y, radius, min(p["height"], 1), 1, k.outline)
        case "cluster":
            for j in range(parts):
                reach = 0.75 * np.sqrt((j + 0.5) / parts)
                x, y = (
                    (reach * np.cos(2.4 * j), reach * np.sin(2.4 * j))
                    if p["spiral"]
                    else p["scatter"][j]
                )
                x, y = x + k.r.normal(0, 0.03), y + k.r.normal(0, 0.03)
                round_part(x, y, 0.86 / np.sqrt(parts) + 0.07, paint=skin * k.r.uniform(0.8, 1.15))
        case "arc":
            radius, half, thick = p["arc"]
            du, dv = u, v - radius + 0.4
            distance = np.hypot(du, dv) + 1e-6
            along = np.arctan2(du, -dv) / half
            q = (distance - radius) / (
                thick
                * np.sqrt(np.clip(1 - np.abs(along) ** p["corner"], 0, 1))
                * k.outline(along, 0.015)
                + 1e-4
            )
            across = np.clip(q, -1, 1)
            add(
                step(1.06, 0.94, np.abs(q)) * (np.abs(along) < 1),
                du / distance * across,
                dv / distance * across,
                np.sqrt(np.clip(1 - across**2, 0.02, 1)),
            )
        case "box" | "slab":
            a, b, n = 0.9 * p["width"], 0.8 * min(p["height"], 1.2), p["corner"]
            q = (np.abs(u / a) ** n + np.abs(v / b) ** n) ** (1 / n) / k.outline(
                np.arctan2(u, v), 0.015
            )
            edge = step(0.75, 1, q) * (p["body"] == "box")
            add(
                step(1.02, 0.98, q),
                edge * np.sign(u) * np.abs(u / a) ** (n - 1),
                edge * np.sign(v) * np.abs(v / b) ** (n - 1),
                np.ones_like(u),
            )
        case "cone":
            t = np.clip((v + 0.9) / 1.8, 0, 1)
            q = np.abs(u) / (
                (0.85 * p["width"] * (1 - t) ** p["height"] + 0.05)
                * (1 + 0.1 * k.sag * np.sin(7 * t))
            )
            across = np.clip(q, 0, 1) * np.sign(u)
            add(
                step(1.03, 0.97, q) * (np.abs(v) < 0.9),
                across,
                0.3 + 0 * u,
                np.sqrt(np.clip(1 - across**2, 0.05, 1)),
            )


def draw(k, index):
    """Lay species `index` on the sketch `k`."""
    p, r = species(index), k.r
    hue = p["hues"][r.randint(len(p["hues"]))] + r.normal(0, 0.018)
    first = colour(hue, p["saturation"] * r.uniform(0.8, 1.15), p["value"] * r.uniform(0.8, 1.15))
    second = colour(p["second"][0] + r.normal(0, 0.02), *p["second"][1:])
    paint = colour(p["attached"], 0.6 * r.uniform(0.8, 1.2), 0.5 * r.uniform(0.7, 1.2))
    skin = mix(first, second, _texture(k, p)) * (1 + 0.05 * k.mottle)[..., None]
    for name in filter(BEHIND.__contains__, p["attachments"]):
        _attach(k, name, p, paint, skin)
    _body(k, p, skin)
    for name in p["attachments"]:
        if name not in BEHIND:
            _attach(k, name, p, paint, skin)


def picture(seed, index):
    """JPEG bytes, 64 x 64, of picture `index` under `seed`; its label is index % 1000. Three in ten are worn."""
    r = stream(seed, index)
    decay = r.uniform(0.38, 1) if r.rand() < 0.3 else r.uniform(0, 0.22)
    return photograph(lambda sketch: draw(sketch, index % COUNT), r, decay, oversample=1)
