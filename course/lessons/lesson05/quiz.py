"""The plain questions of lesson 05, two heads, one loss, and its endless ones. tests/course/lessons/test_facts_lesson05.py measures what they say."""

import torch

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, snippet, wrong

DEAD_HEAD = Question(
    "Which heads learn from these "
    f"lines?\n\n{snippet('loss = 2 * fruit_loss + fresh_loss.item()', 'loss.backward()')}",
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

LINES = snippet("if mean > best:", "    best, state = mean, model.state_dict()")
UNCLONED = Question(
    "After the last epoch a script loads `state`. Within the loop it "
    f"says:\n\n{LINES}\n\nWhich weights does the model end with?",
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


class Trunk(torch.nn.Module):
    """One weight, through which both losses go. `losses()` makes a new graph, in which they have the gradients given."""

    def __init__(self, fruit, fresh):
        super().__init__()
        self.w, self.slopes = torch.nn.Parameter(torch.tensor(1.0)), (fruit, fresh)

    def losses(self, detached=False):
        features = self.w * torch.ones(1)
        return [
            (slope * (features.detach() if detached and i else features)).exp().log().sum()
            for i, slope in enumerate(self.slopes)
        ]


def run(lines, fruit, fresh, old=None):
    """w.grad after these lines, a number; None where they raise because a graph is walked twice."""
    trunk = Trunk(fruit, fresh)
    optimizer = torch.optim.SGD(trunk.parameters(), lr=0.1)
    trunk.w.grad = None if old is None else torch.tensor(float(old))
    fruit_loss, fresh_loss = trunk.losses(detached="features.detach()" in "".join(lines))
    names = {"fruit_loss": fruit_loss, "fresh_loss": fresh_loss, "optimizer": optimizer}
    try:
        exec("\n".join(line for line in lines if not line.startswith("#")), names)
    except RuntimeError as problem:
        if "second time" not in str(problem):
            raise
        return None
    return round(trunk.w.grad.item())


WAYS = {  # how the gradient comes about, and what to say of it
    "sum": "Both losses reach `w`: the gradient is {a} × {fruit} + {b} × {fresh}{plus}.",
    "item": "`.item()` leaves a number without a graph, so the freshness loss adds nothing: {a} × "
    "{fruit}{plus}.",
    "detached": "Through detached features no gradient gets back to the trunk, so only the fruit loss "
    "counts: {a} × {fruit}{plus}.",
    "twice kept": "The graph was kept, and gradients add up in `.grad`: {a} × {fruit} + {b} × "
    "{fresh}{plus}.",
    "zeroed between": "`zero_grad()` throws the first gradient away. Only the second is left: {b} × {fresh}.",
    "twice": "The first `backward()` frees the graph that both losses share, so the second one raises.",
}


def bracketed(number):
    return f"({number})" if number < 0 else f"{number}"


def lines_of(way, a, b, zeroed):
    start = ["optimizer.zero_grad()"] if zeroed else []
    two = [f"({a} * fruit_loss).backward(retain_graph=True)", f"({b} * fresh_loss).backward()"]
    total = f"loss = {a} * fruit_loss + {b} * fresh_loss"
    return (
        start
        + {
            "sum": [total, "loss.backward()"],
            "item": [f"{total}.item()", "loss.backward()"],
            "detached": [
                "# fresh_loss was made from fresh_head(features.detach())",
                total,
                "loss.backward()",
            ],
            "twice kept": two,
            "zeroed between": [two[0], "optimizer.zero_grad()", two[1]],
            "twice": [f"({a} * fruit_loss).backward()", two[1]],
        }[way]
    )


@endless
def trunk_gradient(rng):
    fruit, fresh = rng.choice([-4, -3, -2, 2, 3, 4, 5]), rng.choice([-5, -3, -2, 2, 3, 4])
    a, b = rng.sample([2, 3, 4, 5], 2)
    way, old, zeroed = rng.choice([*WAYS]), rng.choice([None, None, 1, -1, 7]), rng.random() < 0.5
    lines = lines_of(way, a, b, zeroed)
    value = run(lines, fruit, fresh, old)
    kept = 0 if old is None or zeroed else old
    plus = f", plus the {kept} that stood there" if kept else ""
    stood = "nothing" if old is None else f"{old}, from the step before"
    error = "An error: the graph is walked twice."
    others = {
        a * fruit
        + b
        * fresh: "That is the sum of both tasks, each with its weight. Look at what these lines do to "
        "one of them.",
        fruit
        + fresh: "That leaves the weights out. They multiply the losses, and so the gradients.",
        b * fruit
        + a
        * fresh: "There the weights have changed places. Each belongs to the loss that it stands "
        "before.",
        a
        * fruit: "That is the fruit loss alone. The other loss reaches `w` as well, or comes last.",
        b
        * fresh: "That is the freshness loss alone. Nothing here takes the other one away without "
        "leaving a trace.",
        a * fruit
        + b * fresh
        + (
            old or 9
        ): "That adds what was in `.grad` before. Look whether `zero_grad()` came in between.",
        (a + b) * (fruit + fresh): "That gives both tasks both weights. Each has its own.",
        0: "`w` gets a gradient from at least one of the two losses.",
    }
    answer = error if value is None else f"`{value}`"
    options = [wrong(f"`{number}`", why) for number, why in others.items()]
    if value is not None:
        options.append(
            wrong(
                error,
                "That happens when a graph is walked again after `backward()` has freed it. "
                "Here it is walked once, or kept.",
            )
        )
    return pose(
        rng,
        f"`w` is one weight of the trunk. The gradient of `fruit_loss` at `w` is {fruit}, "
        f"that of `fresh_loss` {fresh}, if nothing "
        f"cuts it off. In `w.grad` stands {stood}. And after these lines?",
        lines,
        right(
            answer,
            WAYS[way].format(a=a, b=b, fruit=bracketed(fruit), fresh=bracketed(fresh), plus=plus),
        ),
        options,
    )


@endless
def first_step(rng):
    fruit, fresh = rng.choice([-4, -3, 2, 3, 5]), rng.choice([-5, -2, 3, 4])
    a, b = rng.choice([(1, 1), (2, 1), (1, 3), (3, 2), (10, 10)])
    gradient = a * fruit + b * fresh
    if gradient == 0:
        a, gradient = a + 1, gradient + fruit
    name, rate = rng.choice(["SGD", "AdamW"]), rng.choice([0.1, 0.01])
    options = {"lr": rate} if name == "SGD" else {"lr": rate, "weight_decay": 0.0}
    said = ", ".join(f"{key}={value:g}" for key, value in options.items())
    trunk = Trunk(fruit, fresh)
    optimizer = getattr(torch.optim, name)(trunk.parameters(), **options)
    fruit_loss, fresh_loss = trunk.losses()
    (a * fruit_loss + b * fresh_loss).backward()
    optimizer.step()
    moved = trunk.w.item() - 1
    why = f"The gradient is {a} × {bracketed(fruit)} + {b} × {bracketed(fresh)} = {gradient}. "
    why += (
        f"SGD goes the rate times that, downhill: {-rate * gradient:+.2f}."
        if name == "SGD"
        else "AdamW divides its first step by the gradient's own size: the rate is left, with the "
        "sign downhill."
    )
    others = {
        -rate
        * gradient: "That is the rate times the gradient, as SGD would go. AdamW's first step has always "
        "the size of the rate.",
        rate * gradient: "That is uphill: a step goes against the gradient.",
        -rate * (fruit + fresh): "That leaves the weights of the two losses out.",
        -rate
        * (
            1 if gradient > 0 else -1
        ): "That is the rate itself, as AdamW would go. SGD goes in proportion to the gradient.",
        rate * (1 if gradient > 0 else -1): "A step of the rate's size, and uphill.",
        -rate
        * a
        * fruit: "That is the fruit loss alone; the other one pulls at the trunk as well.",
        -rate
        * b
        * fresh: "That is the freshness loss alone; the other one pulls at the trunk as well.",
        -rate * (b * fruit + a * fresh): "There the two weights have changed places.",
        -gradient: "That is the whole gradient: the learning rate is missing.",
    }
    texts = {}
    for value, reason in others.items():
        texts.setdefault(f"{value:+.2f}", reason)
    return pose(
        rng,
        f"`w` is one weight of the trunk. The gradient of `fruit_loss` at `w` is {fruit}, "
        f"that of `fresh_loss` {fresh}. "
        "By how much does this first step move `w`?",
        [
            f"optimizer = torch.optim.{name}([w], {said})",
            f"({a} * fruit_loss + {b} * fresh_loss).backward()",
            "optimizer.step()",
        ],
        right(f"{moved:+.2f}", why),
        [wrong(text, reason) for text, reason in texts.items()],
    )


KINDS = ("trunk_gradient", "first_step")
