"""The endless kinds of questions in the quiz of lesson 05, about one shared weight.

torch computes the gradients and the steps that they ask for.
"""

from random import Random

import torch

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, decimals, right, wrong


class Trunk(torch.nn.Module):
    """One shared parameter `w`, on which both losses depend.

    `fruit` and `fresh` are the gradients of the losses at `w`.
    """

    def __init__(self, fruit: int, fresh: int) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(1.0))
        self.slopes = (fruit, fresh)

    def losses(self, detached: bool = False) -> list[torch.Tensor]:
        """Return [fruit loss, freshness loss], which share a new graph.

        detached: whether the freshness loss is made from detached features.
        """
        features = self.w * torch.ones(1)
        inputs = (features, features.detach() if detached else features)
        losses = []
        for slope, x in zip(self.slopes, inputs, strict=True):
            # The value is slope * x. exp() saves its result for backward(), so that a second walk
            # through the graph raises an error.
            loss = (slope * x).exp().log()
            losses.append(loss.sum())
        return losses


def gradient_after(lines: list[str], fruit: int, fresh: int, old: int | None = None) -> int | None:
    """Return `w.grad` after these lines of Python, or None where they use a freed graph.

    old: what `w.grad` holds before. A RuntimeError with another reason is raised.
    """
    trunk = Trunk(fruit, fresh)
    optimizer = torch.optim.SGD(trunk.parameters(), lr=0.1)
    trunk.w.grad = None if old is None else torch.tensor(float(old))
    detached = "features.detach()" in "".join(lines)
    fruit_loss, fresh_loss = trunk.losses(detached)
    names = {"fruit_loss": fruit_loss, "fresh_loss": fresh_loss, "optimizer": optimizer}
    code = [line for line in lines if not line.startswith("#")]
    try:
        exec("\n".join(code), names)
    except RuntimeError as problem:
        if "second time" not in str(problem):
            raise
        return None
    return round(trunk.w.grad.item())


WAYS = {  # how the gradient comes about, and what to say of it
    "sum": "Both losses reach `w`: the gradient is {a} × {fruit} + {b} × {fresh}{plus}.",
    "item": (
        "`.item()` returns a number without a graph, so the freshness loss adds nothing: "
        "{a} × {fruit}{plus}."
    ),
    "detached": (
        "No gradient flows through detached features, so only the fruit loss counts: "
        "{a} × {fruit}{plus}."
    ),
    "twice kept": (
        "The first call keeps the graph, and `backward()` adds to `.grad`: "
        "{a} × {fruit} + {b} × {fresh}{plus}."
    ),
    "zeroed between": (
        "`zero_grad()` removes the first gradient. Only the second one is left: {b} × {fresh}."
    ),
    "twice": (
        "The first `backward()` frees the graph that both losses share, so the second one raises "
        "an error."
    ),
}
GRAPH_ERROR = "The second `backward()` raises an error."


def bracketed(number: int) -> str:
    """Return a number as text, in brackets where it is negative."""
    return f"({number})" if number < 0 else f"{number}"


def lines_of(way: str, a: int, b: int, zeroed: bool) -> list[str]:
    """Return the lines of Python for one of WAYS with the loss weights a and b.

    zeroed: whether they begin with zero_grad().
    """
    total = f"loss = {a} * fruit_loss + {b} * fresh_loss"
    backward = "loss.backward()"
    zero = "optimizer.zero_grad()"
    first = f"({a} * fruit_loss).backward()"
    first_kept = f"({a} * fruit_loss).backward(retain_graph=True)"
    second = f"({b} * fresh_loss).backward()"
    comment = "# fresh_loss was made from fresh_head(features.detach())"
    lines = {
        "sum": [total, backward],
        "item": [f"{total}.item()", backward],
        "detached": [comment, total, backward],
        "twice kept": [first_kept, second],
        "zeroed between": [first_kept, zero, second],
        "twice": [first, second],
    }[way]
    return [zero, *lines] if zeroed else lines


def wrong_gradients(
    way: str, coefficients: tuple[int, int], slopes: tuple[int, int], old: int, zeroed: bool
) -> list[tuple[int, str]]:
    """Return (number, what believing it would mean) for the wrong options of `trunk_gradient`.

    coefficients: the loss weights; slopes: the gradients of the fruit and the freshness loss; old:
    what `.grad` holds before the lines, 0 for None.
    """
    (a, b), (fruit, fresh) = coefficients, slopes
    kept = 0 if zeroed or way == "zeroed between" else old
    both = a * fruit + b * fresh
    only_fruit = "That has the gradient of the fruit loss only."
    only_fresh = "That has the gradient of the freshness loss only."
    through = "That includes the gradient of the freshness loss."
    found = []
    if way == "sum":
        found.append((a * fruit + kept, f"{only_fruit} Here both losses reach `w`."))
        found.append((b * fresh + kept, f"{only_fresh} Here both losses reach `w`."))
    elif way == "item":
        found.append((both + kept, f"{through} But no gradient flows through `.item()`."))
        found.append((b * fresh + kept, f"{only_fresh} That is the loss without a graph."))
    elif way == "detached":
        found.append((both + kept, f"{through} But its features are detached from `w`."))
        found.append((b * fresh + kept, f"{only_fresh} But its features are detached from `w`."))
    elif way == "twice kept":
        found.append((a * fruit + kept, f"{only_fruit} The second call adds the other one."))
        found.append((b * fresh + kept, f"{only_fresh} The second call adds it to the first one."))
    elif way == "zeroed between":
        found.append((both, "That is the sum of both. But `zero_grad()` removes the first one."))
        found.append((a * fruit, f"{only_fruit} That is the one that `zero_grad()` removes."))
    else:
        found.append((both + kept, "That needs `retain_graph=True` in the first `backward()`."))
        found.append((a * fruit + kept, f"{only_fruit} The second call does not run to its end."))
        found.append((b * fresh + kept, f"{only_fresh} That is the call that raises an error."))
    reached = {"item": (1, 0), "detached": (1, 0), "zeroed between": (0, 1)}.get(way, (1, 1))
    value = reached[0] * a * fruit + reached[1] * b * fresh + kept
    plain = reached[0] * fruit + reached[1] * fresh + kept
    swapped = reached[0] * b * fruit + reached[1] * a * fresh + kept
    if way != "twice":
        found.append((plain, "That leaves out the loss weights, which multiply the gradients."))
        found.append((swapped, f"That exchanges the loss weights, {a} and {b}."))
        found.append((-value, "That is the negative. `.grad` holds the gradient itself."))
    if old and kept:
        found.append(
            (value - old, f"That leaves out the {old} in `.grad`. Nothing clears it here.")
        )
    if old and not kept:
        found.append((value + old, f"That adds the old {old}. But `zero_grad()` removes it."))
    found.append((kept, "That adds no gradient at all, but at least one `backward()` adds one."))
    return found


@endless
def trunk_gradient(rng: Random) -> Question:
    """What does `w.grad` hold after a few lines, with or without an earlier gradient?"""
    fruit = rng.choice([-4, -3, -2, 2, 3, 4, 5])
    fresh = rng.choice([-5, -3, -2, 2, 3, 4])
    a, b = rng.sample([2, 3, 4, 5], 2)
    way = rng.choice([*WAYS])
    old = rng.choice([None, None, 1, -1, 7])
    zeroed = rng.random() < 0.5
    lines = lines_of(way, a, b, zeroed)
    value = gradient_after(lines, fruit, fresh, old)
    kept = 0 if old is None or zeroed else old
    plus = f", plus the {kept} that `.grad` held before" if kept else ""
    options = []
    for number, why in wrong_gradients(way, (a, b), (fruit, fresh), old or 0, zeroed):
        options.append(wrong(f"`{number}`", why))
    if value is not None:
        no_error = "The first `backward()` keeps the graph for the second."
        if way not in ("twice kept", "zeroed between"):
            no_error = "There is only one `backward()` here."
        options.append(wrong(GRAPH_ERROR, no_error))
    why = WAYS[way].format(a=a, b=b, fruit=bracketed(fruit), fresh=bracketed(fresh), plus=plus)
    return pose(
        rng,
        f"`w` is one parameter of the backbone. The gradient of `fruit_loss` at `w` is {fruit}, "
        f"that of `fresh_loss` {fresh}, unless something detaches a loss from `w`. Before these "
        f"lines `w.grad` is {old}. What is it after them?",
        lines,
        right(GRAPH_ERROR if value is None else f"`{value}`", why),
        options,
    )


OPTIMIZERS = {"SGD": torch.optim.SGD, "AdamW": torch.optim.AdamW}


@endless
def first_step(rng: Random) -> Question:
    """By how much does the first step of SGD or AdamW move `w`?

    The first step of AdamW has the size of the learning rate, because its two moving averages then
    hold the gradient and its square alone, and the correction of their bias makes them whole
    (Kingma and Ba, "Adam", 2015, algorithm 1).
    """
    fruit = rng.choice([-4, -3, 2, 3, 5])
    fresh = rng.choice([-5, -2, 3, 4])
    a, b = rng.choice([(1, 1), (2, 1), (1, 3), (3, 2), (10, 10)])
    gradient = a * fruit + b * fresh
    sign = (gradient > 0) - (gradient < 0)
    name = rng.choice(["SGD", "AdamW"])
    rate = rng.choice([0.1, 0.01])
    options = {"lr": rate} if name == "SGD" else {"lr": rate, "weight_decay": 0.0}
    said = ", ".join(f"{key}={value:g}" for key, value in options.items())
    trunk = Trunk(fruit, fresh)
    optimizer = OPTIMIZERS[name](trunk.parameters(), **options)
    fruit_loss, fresh_loss = trunk.losses()
    (a * fruit_loss + b * fresh_loss).backward()
    optimizer.step()
    moved = trunk.w.item() - 1
    why = f"The gradient is {a} × {bracketed(fruit)} + {b} × {bracketed(fresh)} = {gradient}. "
    others = [
        (rate * gradient, "That goes uphill: a step goes against the gradient."),
        (-gradient, "That is minus the gradient, without the learning rate."),
    ]
    if gradient == 0:
        why += "SGD multiplies it by the learning rate, AdamW divides it: both leave 0."
        others = [
            (-rate * a * fruit, "That uses the gradient of the fruit loss only."),
            (-rate * b * fresh, "That uses the gradient of the freshness loss only."),
            (-rate, "That is minus the learning rate. But a gradient of 0 moves nothing."),
            (rate, "That is plus the learning rate. But a gradient of 0 moves nothing."),
        ]
    elif name == "SGD":
        why += f"SGD subtracts the learning rate times that: {decimals(-rate * gradient, 2, '+')}."
        swapped = -rate * (b * fruit + a * fresh)
        others += [
            (-rate * (fruit + fresh), "That leaves out the loss weights."),
            (-rate * sign, "That is the learning rate itself, as in a first step of AdamW."),
            (-rate * a * fruit, "That uses the gradient of the fruit loss only."),
            (-rate * b * fresh, "That uses the gradient of the freshness loss only."),
            (swapped, f"That exchanges the loss weights, {a} and {b}."),
        ]
    else:
        why += (
            "AdamW divides the first gradient by its own size, so the step has the size of the "
            "learning rate, against the sign of the gradient."
        )
        others += [
            (-rate * gradient, "That is the learning rate times the gradient, as in SGD."),
            (rate * sign, "That has the right size, but it goes uphill."),
            (0.0, "AdamW divides by the size of the gradient. The sign is left."),
            (-rate * sign * (a + b), "That counts the loss weights. For AdamW a factor cancels."),
        ]
    return pose(
        rng,
        f"`w` is one parameter of the backbone. The gradient of `fruit_loss` at `w` is {fruit}, "
        f"that of `fresh_loss` {fresh}. By how much does this first step change `w`?",
        [
            f"optimizer = torch.optim.{name}([w], {said})",
            f"({a} * fruit_loss + {b} * fresh_loss).backward()",
            "optimizer.step()",
        ],
        right(decimals(moved, 2, "+"), why),
        [wrong(decimals(value, 2, "+"), reason) for value, reason in others],
    )


KINDS = ("trunk_gradient", "first_step")
