"""The questions of lesson 05, two heads, one loss: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson05.py measures what they say.
"""

from random import Random

import torch

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, snippet, wrong

ITEM_LINES = snippet("loss = 2 * fruit_loss + fresh_loss.item()", "loss.backward()")
DEAD_HEAD = Question(
    f"Which heads learn from these lines?\n\n{ITEM_LINES}",
    (
        wrong(
            "Both: both losses are in the sum.",
            "The value is in the sum. But `.item()` gives a plain number, and no gradient "
            "flows through a number.",
        ),
        right(
            "The fruit head alone.",
            "`.item()` cuts the graph. The printed loss looks as usual, and the freshness "
            "head stays as it was drawn.",
        ),
        wrong(
            "The freshness head alone.",
            "It is the other way round: the loss that still has its graph is the fruit loss.",
        ),
        wrong(
            "Neither: `backward()` raises an error.",
            "The sum still hangs on the graph of the fruit loss, so `backward()` runs without "
            "a word.",
        ),
    ),
)

FIRST_LOSS = Question(
    "Two new heads on one backbone: 6 fruits with a first loss of about 1.79, fresh or rotten "
    "with about 0.69. What does that say?",
    (
        wrong(
            "Fruit is the harder task.",
            "An untrained head knows nothing of the task. Its loss is ln 6 because there are "
            "six outputs.",
        ),
        wrong(
            "Fruit needs a weight of 2.",
            "That makes 2.6 to 1 into 5.2 to 1. If the first losses should be equal, fruit "
            "needs the *smaller* weight.",
        ),
        right(
            "That one task has six classes and the other two.",
            "ln 6 = 1.79 and ln 2 = 0.69: what guessing costs. Which task is harder shows later.",
        ),
        wrong(
            "The fruit head has the worse first weights.",
            "Both heads start from small random weights, and both do little but guess.",
        ),
    ),
)

FROZEN_ADAMW = Question(
    "The backbone is frozen, two linear heads train under AdamW. You change the loss weights "
    "from 1 and 1 to 2 and 1. What happens?",
    (
        wrong(
            "The fruit head learns twice as fast.",
            "Under SGD it would. AdamW divides each gradient by its own size, and a factor of "
            "2 cancels.",
        ),
        wrong(
            "The backbone turns towards fruit.",
            "The backbone is frozen. Nothing that both tasks share can move.",
        ),
        wrong(
            "The freshness head learns half as fast.",
            "Its loss still has the weight 1, and no number of it gets a gradient from the "
            "other task.",
        ),
        right(
            "Practically nothing.",
            "Each number belongs to one task, and AdamW cancels a factor on its gradient. The "
            "two runs agree to a few millionths.",
        ),
    ),
)

STATE_LINES = snippet("if mean > best:", "    best, state = mean, model.state_dict()")
UNCLONED = Question(
    f"After the last epoch a script loads `state`. Within the loop it says:\n\n{STATE_LINES}\n\n"
    "Which weights does the model end with?",
    (
        wrong(
            "Those of the best epoch.",
            "They would be, had they been cloned. `state_dict()` hands out the very tensors "
            "that train on.",
        ),
        right(
            "Those of the last epoch.",
            "`state` holds the model's own tensors, so loading it copies them onto "
            "themselves. `copy.deepcopy` keeps the best.",
        ),
        wrong(
            "Those from before the training.",
            "The tensors in `state` follow every step that the optimizer makes.",
        ),
        wrong(
            "None: `load_state_dict` raises an error.",
            "Names and shapes fit, so it says that all keys match. Nothing warns you.",
        ),
    ),
)

TOTALS = Question(
    "Weights 1 and 1 end at a total validation loss of 0.45, weights 2 and 1 at 0.60, learned "
    "weights at -0.30. Which run is best?",
    (
        wrong(
            "Learned weights: the lowest loss.",
            "Its total has two extra terms, which can be negative. Other weights make another "
            "loss: totals do not compare.",
        ),
        wrong(
            "Weights 1 and 1: a loss must not be negative.",
            "Learned weights can go below zero by right, for they add s. That makes them "
            "neither better nor worse.",
        ),
        wrong(
            "Weights 2 and 1: divided by 3 it is the lowest that is positive.",
            "Dividing does not repair it: the tasks still count in different shares.",
        ),
        right(
            "That cannot be said from these numbers.",
            "Compare what does not depend on the weights: each task's accuracy on validation "
            "pictures.",
        ),
    ),
)

QUESTIONS = (DEAD_HEAD, FIRST_LOSS, FROZEN_ADAMW, UNCLONED, TOTALS)


# ---- endless: gradients and steps of one shared weight, computed by torch ------------------------


class Trunk(torch.nn.Module):
    """One shared weight `w`, on which both losses depend.

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
        "`.item()` leaves a number without a graph, so the freshness loss adds nothing: "
        "{a} × {fruit}{plus}."
    ),
    "detached": (
        "Through detached features no gradient gets back to the trunk, so only the fruit loss "
        "counts: {a} × {fruit}{plus}."
    ),
    "twice kept": (
        "The graph was kept, and gradients add up in `.grad`: {a} × {fruit} + {b} × {fresh}{plus}."
    ),
    "zeroed between": (
        "`zero_grad()` throws the first gradient away. Only the second is left: {b} × {fresh}."
    ),
    "twice": (
        "The first `backward()` frees the graph that both losses share, so the second one raises."
    ),
}
GRAPH_ERROR = "An error: the graph is walked twice."


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
    plus = f", plus the {kept} that stood there" if kept else ""
    stood = "nothing" if old is None else f"{old}, from the step before"
    both = a * fruit + b * fresh
    others = {}  # of equal numbers the last reason counts
    others[both] = (
        "That is the sum of both tasks, each with its weight. Look at what these lines do to one "
        "of them."
    )
    others[fruit + fresh] = (
        "That leaves the weights out. They multiply the losses, and so the gradients."
    )
    others[b * fruit + a * fresh] = (
        "There the weights have changed places. Each belongs to the loss that it stands before."
    )
    others[a * fruit] = (
        "That is the fruit loss alone. The other loss reaches `w` as well, or comes last."
    )
    others[b * fresh] = (
        "That is the freshness loss alone. Nothing here takes the other one away without leaving "
        "a trace."
    )
    others[both + (old or 9)] = (
        "That adds what was in `.grad` before. Look whether `zero_grad()` came in between."
    )
    others[(a + b) * (fruit + fresh)] = "That gives both tasks both weights. Each has its own."
    others[0] = "`w` gets a gradient from at least one of the two losses."
    options = [wrong(f"`{number}`", why) for number, why in others.items()]
    if value is not None:
        no_error = (
            "That happens when a graph is walked again after `backward()` has freed it. Here it "
            "is walked once, or kept."
        )
        options.append(wrong(GRAPH_ERROR, no_error))
    why = WAYS[way].format(a=a, b=b, fruit=bracketed(fruit), fresh=bracketed(fresh), plus=plus)
    return pose(
        rng,
        f"`w` is one weight of the trunk. The gradient of `fruit_loss` at `w` is {fruit}, that of "
        f"`fresh_loss` {fresh}, if nothing cuts it off. In `w.grad` stands {stood}. And after "
        "these lines?",
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
    if gradient == 0:
        a, gradient = a + 1, gradient + fruit
    sign = 1 if gradient > 0 else -1
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
    if name == "SGD":
        why += f"SGD goes the rate times that, downhill: {-rate * gradient:+.2f}."
    else:
        why += (
            "AdamW divides its first step by the gradient's own size: the rate is left, with the "
            "sign downhill."
        )
    others = {}  # of equal numbers the last reason counts
    others[-rate * gradient] = (
        "That is the rate times the gradient, as SGD would go. AdamW's first step has always the "
        "size of the rate."
    )
    others[rate * gradient] = "That is uphill: a step goes against the gradient."
    others[-rate * (fruit + fresh)] = "That leaves the weights of the two losses out."
    others[-rate * sign] = (
        "That is the rate itself, as AdamW would go. SGD goes in proportion to the gradient."
    )
    others[rate * sign] = "A step of the rate's size, and uphill."
    others[-rate * a * fruit] = (
        "That is the fruit loss alone; the other one pulls at the trunk as well."
    )
    others[-rate * b * fresh] = (
        "That is the freshness loss alone; the other one pulls at the trunk as well."
    )
    others[-rate * (b * fruit + a * fresh)] = "There the two weights have changed places."
    others[-gradient] = "That is the whole gradient: the learning rate is missing."
    return pose(
        rng,
        f"`w` is one weight of the trunk. The gradient of `fruit_loss` at `w` is {fruit}, that of "
        f"`fresh_loss` {fresh}. By how much does this first step move `w`?",
        [
            f"optimizer = torch.optim.{name}([w], {said})",
            f"({a} * fruit_loss + {b} * fresh_loss).backward()",
            "optimizer.step()",
        ],
        right(f"{moved:+.2f}", why),
        [wrong(f"{value:+.2f}", reason) for value, reason in others.items()],
    )


KINDS = ("trunk_gradient", "first_step")
