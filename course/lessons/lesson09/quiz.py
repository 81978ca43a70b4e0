"""The practice quiz of lesson 09, adapt gently: five questions and one endless kind.

tests/course/lessons/test_facts_lesson09.py and tests/course/checking/test_quiz.py measure what the
answers say.
"""

import warnings
from random import Random

import torch
from torch import nn

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Option, Question, right, wrong

TWO_STAGES = Question(
    "You fine-tune a pretrained network with a new, random head. Why is the head trained alone "
    "first?",
    (
        wrong(
            "The backbone has no gradients while the head is random.",
            "It has gradients from the first step on: they flow through the head, whatever its "
            "weights are. That is the problem.",
        ),
        right(
            "The gradients that reach the backbone pass through the head. While it is random, they "
            "change good features in directions that depend on a random head.",
            "After the first stage the loss is small and the head knows which features it needs, "
            "so the backbone has less reason to change. The head has had enough steps, too.",
        ),
        wrong(
            "Otherwise the optimizer would not hold the head's parameters.",
            "One optimizer can hold everything. The order is about what the first steps do to the "
            "backbone.",
        ),
        wrong(
            "It keeps the running statistics as they are.",
            "Eval mode does that. In train mode the statistics change in both stages.",
        ),
    ),
)

WHICH_PART = Question(
    "A classifier works. Then fog gets on the lens: all images have less contrast and are "
    "brighter. You have 30 labelled images. What is a good first candidate to train?",
    (
        wrong(
            "The head, because the last layer is always the one to adapt.",
            "The head gets features from layers that see foggy images. What they no longer find, "
            "it cannot put back.",
        ),
        right(
            "The first layers, because the change is in the input.",
            "Fog multiplies and shifts the input, and the first BatchNorm can nearly undo that: "
            "then everything after it is as good as before.",
        ),
        wrong(
            "`layer4`, because late stages are the most specific to a task.",
            "The task is the same. Only the input has changed, and the late stages get it last.",
        ),
        wrong(
            "Nothing: with frozen parameters in eval mode a network adapts by itself.",
            "In eval mode nothing changes in a forward, neither parameters nor running statistics.",
        ),
    ),
)

WITHOUT_DECAY = Question(
    "Which parameters of a ResNet-18 are biases or belong to norms?",
    (
        wrong(
            "Those with `bn` in their name, and those with `bias`.",
            "The norm on a shortcut is called `downsample.1`: its weight has neither word in its "
            "name.",
        ),
        right(
            "Those with one dimension.",
            "Gammas, betas and biases have one number per channel or class. Weights of "
            "convolutions have four dimensions, those of linear layers two.",
        ),
        wrong(
            "Those that end with `bias`.",
            "The gammas of the norms are called `weight`.",
        ),
        wrong(
            "Those that `model.buffers()` lists.",
            "Buffers are the running statistics. No optimizer holds them.",
        ),
    ),
)

BOTH_ZERO = Question(
    "A layer's weight is `W + B @ A`, and only the factors, `B` on the left and `A` on the right, "
    "train. With which start does nothing ever train?",
    (
        wrong(
            "The right factor random, the left one zero.",
            "The change is zero at first. The gradient of `B` contains `A`, so `B` moves in the "
            "first step and `A` in the second.",
        ),
        wrong(
            "The right factor zero, the left one random.",
            "That works as well: now `A` moves first.",
        ),
        right(
            "Both zero.",
            "The gradient of each factor contains the other one. If both are zero, both gradients "
            "are zero, in every step.",
        ),
        wrong(
            "Both random.",
            "Both train. But the layer has another weight from the start, so the network is no "
            "longer the pretrained one.",
        ),
    ),
)

ADAPTER_FILE = Question(
    "You train factors and a new head on a frozen ResNet-18 in *train* mode. What must the file "
    "hold, so that a fresh copy of the pretrained network answers like yours?",
    (
        wrong(
            "The factors.",
            "The new head was trained, too, and the running statistics have moved.",
        ),
        wrong(
            "The factors and the head.",
            "In train mode the running statistics moved, although all weights were frozen. The "
            "fresh copy has the old ones.",
        ),
        right(
            "The factors, the head and the running statistics.",
            "All else is frozen, so the pretrained network has it already.",
        ),
        wrong(
            "The whole `state_dict`, because nothing less is exact.",
            "That works, but a frozen parameter is the same in each copy of the pretrained "
            "network. The file would be many times as large.",
        ),
    ),
)

QUESTIONS = (TWO_STAGES, WHICH_PART, WITHOUT_DECAY, BOTH_ZERO, ADAPTER_FILE)


# ---- the endless kind: the learning rates after a group has joined ------------------------------

KINDS_OF_SCHEDULE = ("ExponentialLR", "LinearLR", "LambdaLR", "StepLR")


def lines_of(scheduler: str, joins: int, epochs: int, first: float, joined: float) -> list[str]:
    """The code of a question: a group joins in epoch `joins` of `epochs`.

    `first` and `joined` are the learning rates that the two groups are given.

    `scheduler` is the call that makes the scheduler, without its optimizer.
    """
    name, arguments = scheduler.split("(", 1)
    return [
        f"optimizer = torch.optim.SGD([old], lr={first})",
        f"scheduler = {name}(optimizer, {arguments}",
        f"for epoch in range({epochs}):",
        f"    if epoch == {joins}:",
        f'        optimizer.add_param_group({{"params": [new], "lr": {joined}}})',
        "    optimizer.step()",
        "    scheduler.step()",
    ]


def outcome(lines: list[str]) -> str:
    """What happens: the learning rates at the end, or the error, as an option says it."""
    names = {
        "torch": torch,
        "old": nn.Parameter(torch.ones(1)),
        "new": nn.Parameter(torch.ones(1)),
        **{kind: getattr(torch.optim.lr_scheduler, kind) for kind in KINDS_OF_SCHEDULE},
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec("\n".join(lines), names)
    except (ValueError, KeyError):
        return "An error in `scheduler.step()`"
    old, new = (group["lr"] for group in names["optimizer"].param_groups)
    return rates(old, new)


def rates(old: float, new: float) -> str:
    """Two learning rates as an option says them."""
    return f"old {old:.4f}, new {new:.4f}"


def scheduler_of(rng: Random, kind: str, joins: int) -> tuple[str, float, float, str]:
    """A scheduler's call; its factor at the end; what the new group is multiplied by; and why.

    `joins` is the epoch in which the group joins; three more steps follow.
    """
    last = joins + 3
    if kind == "ExponentialLR":
        gamma = rng.choice([0.5, 0.8, 0.9])
        return (
            f"ExponentialLR(gamma={gamma})",
            gamma**last,
            gamma**3,
            "ExponentialLR multiplies the learning rate of each group that is there, so the new "
            "group takes part from its first epoch on.",
        )
    if kind == "StepLR":
        size = rng.choice([2, 3])
        steps = last // size
        missed = joins // size
        return (
            f"StepLR(step_size={size}, gamma=0.5)",
            0.5**steps,
            0.5 ** (steps - missed),
            "StepLR multiplies the learning rate of each group that is there, so the new group "
            "takes part in the steps that come after it.",
        )
    if kind == "LinearLR":
        start = rng.choice([0.2, 0.5])
        total = rng.choice([joins, last])
        if total == joins:
            return (
                f"LinearLR(start_factor={start}, total_iters={total})",
                1.0,
                1.0,
                "LinearLR has reached its last factor when the new group joins, so it changes no "
                "learning rate any more.",
            )
        before = start + (1 - start) * joins / total
        return (
            f"LinearLR(start_factor={start}, total_iters={total})",
            1.0,
            1 / before,
            "LinearLR multiplies by the ratio of two neighbouring factors. The new group did not "
            "start at the first factor, so it ends above the learning rate that it was given.",
        )
    gamma = rng.choice([0.5, 0.9])
    return (
        f"LambdaLR(lr_lambda=lambda epoch: {gamma}**epoch)",
        gamma**last,
        gamma**3,
        "LambdaLR has one function and one initial learning rate for each group that was there "
        "when it was created, and none for the new group.",
    )


@endless
def after_joining(rng: Random) -> Question:
    """Which learning rates do two groups have, if one joined under a running scheduler?"""
    kind = rng.choice(KINDS_OF_SCHEDULE)
    joins = rng.choice([1, 2, 3])
    scheduler, factor, since, why = scheduler_of(rng, kind, joins)
    first = rng.choice([0.1, 0.2, 0.4])
    joined = rng.choice([0.02, 0.05, 0.08, first])
    lines = lines_of(scheduler, joins, joins + 3, first, joined)
    found = outcome(lines)
    options = {
        "An error in `scheduler.step()`": "No error: this scheduler needs no entry for the new "
        f"group. {why}",
        rates(first * factor, joined): "That would be a new group that the scheduler leaves alone. "
        f"{why}",
    }
    beliefs = [
        (
            rates(first * factor, joined * factor),
            "That would be a new group that has followed the schedule from epoch 0 on.",
        ),
        (
            rates(first * factor, joined * since),
            "That is what a scheduler does that multiplies each group that is there.",
        ),
        (
            rates(first, joined),
            "The scheduler changes the learning rate of the old group.",
        ),
        (
            rates(first * factor, first),
            "The new group joins with the learning rate that it is given, not with that of the old "
            "group.",
        ),
        (
            rates(first * factor, first * factor),
            "Each group has a learning rate of its own: a scheduler does not make them equal.",
        ),
    ]
    for text, words in beliefs:  # of equal texts the first reason is the one that holds
        options.setdefault(text, f"{words} {why}")
    if len(options) < 4:  # where nothing changes any more, most of these are right
        options[rates(first / 2, joined)] = f"No scheduler halves the old learning rate here. {why}"
        options[rates(first, joined / 2)] = f"No scheduler halves the new learning rate here. {why}"
    others: list[Option] = [wrong(text, words) for text, words in options.items()]
    prompt = "`old` and `new` are two parameters. Which learning rates do they have at the end?"
    return pose(rng, prompt, lines, right(found, why), others)


KINDS = ("after_joining",)
