"""The practice quiz of lesson 03, the BatchNorm trap: five questions and one endless kind.

tests/course/lessons/test_facts_lesson03.py and tests/course/checking/test_quiz.py measure what the
answers say.
"""

from random import Random

import torch
from torch import nn
from torch.nn import functional as F

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, snippet, wrong

WHO_MOVED = Question(
    "Every parameter of a ResNet-18 has `requires_grad = False`. A batch passes through it in "
    "train mode, under `torch.no_grad()`. What has changed afterwards?",
    (
        wrong(
            "Nothing: without gradients nothing can move.",
            "That is true of parameters. Running statistics are buffers: the forward pass itself "
            "writes them, gradient or not.",
        ),
        right(
            "60 buffers: means, variances and batch counts of 20 BatchNorm layers.",
            "Each BatchNorm mixes the batch's mean and variance into its own, and counts the "
            "batch. That takes no gradient.",
        ),
        wrong(
            "The gammas and betas of 20 BatchNorm layers.",
            "These are parameters: they move when an optimizer steps, and none has. What moved "
            "are the running statistics.",
        ),
        wrong(
            "40 buffers: the means and variances of 20 BatchNorm layers.",
            "These have moved, but a third buffer of each layer has, too: `num_batches_tracked`, "
            "which counts the batches.",
        ),
    ),
)

WHICH_LOOP = Question(
    "Backbone and old head are frozen. Which loop leaves the old head as it was, and lets the new "
    "head's Dropout work?",
    (
        wrong(
            snippet(
                "model.backbone.eval()",
                "for epoch in range(5):",
                "    model.train()",
                "    train_one_epoch(model)",
            ),
            "`model.train()` reaches every part of the model, so it undoes the `eval()` before "
            "the first batch.",
        ),
        wrong(
            snippet(
                "model.train()",
                "for epoch in range(5):",
                "    model.eval()",
                "    train_one_epoch(model)",
            ),
            "The statistics stay, and so does the old head. But the new head is in eval mode as "
            "well: its Dropout does nothing.",
        ),
        right(
            snippet(
                "for epoch in range(5):",
                "    model.train()",
                "    model.backbone.eval()",
                "    train_one_epoch(model)",
            ),
            "First everything is switched to train mode, then the frozen part back, and that in "
            "every epoch.",
        ),
        wrong(
            snippet(
                "model.train()",
                "model.backbone.eval()",
                "for epoch in range(5):",
                "    train_one_epoch(model)",
                "    model.eval()",
                "    print(accuracy(model))",
                "    model.train()",
            ),
            "The first epoch is safe. Then the `train()` after the evaluation wakes the backbone, "
            "and from the second epoch on it drifts.",
        ),
    ),
)

MOMENTUM = Question(
    "Which setting of a BatchNorm layer's `momentum` leaves its running mean where it is, in "
    "train mode?",
    (
        right(
            "`momentum = 0.0`",
            "The new batch gets a share of 0. But in train mode the layer still *normalises* with "
            "the batch's own statistics.",
        ),
        wrong(
            "`momentum = 1.0`",
            "The new batch gets a share of 1: each batch overwrites all that was remembered.",
        ),
        wrong(
            "`momentum = None`",
            "That makes the running mean the average of all batches seen. It still moves.",
        ),
        wrong(
            "`momentum = 0.1`",
            "That is the default: a tenth of the way with each batch, and after twenty batches "
            "most of it.",
        ),
    ),
)

EVAL_AND_GAMMA = Question(
    "A BatchNorm layer is in eval mode, its parameters have `requires_grad = True`, the optimizer "
    "holds them. What does a step move?",
    (
        wrong(
            "Nothing: `eval()` freezes the layer.",
            "`eval()` changes which statistics are used and stops their updates. Parameters get "
            "gradients as before.",
        ),
        wrong(
            "Its running mean and variance.",
            "In eval mode these are read and not written. The parameters are what moves.",
        ),
        right(
            "Its gamma and beta.",
            "They are parameters with gradients, so the optimizer steps them. Freezing a layer "
            "takes `requires_grad_(False)` as well.",
        ),
        wrong(
            "All four: gamma, beta, mean and variance.",
            "Mean and variance move in train mode alone. In eval mode only the parameters can.",
        ),
    ),
)

SNAPSHOT = Question(
    "You train a new head over a backbone in train mode, then load the backbone's state from "
    "before. Who suffers?",
    (
        wrong(
            "The old head.",
            "It gets back the statistics that it was fitted to, so it answers as before.",
        ),
        right(
            "The new head.",
            "It was fitted to features made with the batches' statistics and now reads others. "
            "The further apart, the more it loses.",
        ),
        wrong(
            "Nobody: the state is as it was.",
            "The *backbone's* state is. But the new head was trained on features that it does not "
            "make.",
        ),
        wrong(
            "Nobody, if the snapshot was not cloned.",
            "Without a clone the snapshot moves along with the backbone, and loading it changes "
            "nothing: the old head has lost its skill.",
        ),
    ),
)

QUESTIONS = (WHO_MOVED, WHICH_LOOP, MOMENTUM, EVAL_AND_GAMMA, SNAPSHOT)


# ---- the endless kind: what one training step changes --------------------------------------------

TENSORS = {  # part of the small network: its tensors, as the state_dict names them
    "conv": ("0.weight", "0.bias"),
    "affine": ("1.weight", "1.bias"),
    "statistics": ("1.running_mean", "1.running_var", "1.num_batches_tracked"),
    "head": ("4.weight", "4.bias"),
}
IN_WORDS = {
    "conv": "the convolution's weight and bias",
    "affine": "gamma and beta",
    "statistics": "the running mean, variance and batch count",
    "head": "the head's weight and bias",
}
FREEZE = {
    "conv": "model[0].requires_grad_(False)",
    "affine": "model[1].requires_grad_(False)",
}
SET_MODE = {
    "train": ["model.train()"],
    "eval": ["model.eval()"],
    "layer in eval": ["model.train()", "model[1].eval()"],
    "eval undone": ["model[1].eval()", "model.train()"],
}


def lines_of(frozen: tuple[str, ...], mode: str, held: str) -> list[str]:
    """The code of a question: freeze these parts, set the mode, make a step with the optimizer.

    `held` is the expression whose parameters the optimizer holds.
    """
    lines = [FREEZE[part] for part in frozen]
    lines += SET_MODE[mode]
    lines += [
        f"optimizer = torch.optim.SGD({held}.parameters(), lr=0.1)",
        "F.cross_entropy(model(images), labels).backward()",
        "optimizer.step()",
    ]
    return lines


def moved_by(lines: list[str]) -> set[str]:
    """The parts of which a tensor has changed after these lines, measured on a real network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
        )
        images = torch.randn(6, 3, 8, 8)
    labels = torch.arange(6) % 3
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    names = {"model": model, "torch": torch, "F": F, "images": images, "labels": labels}
    exec("\n".join(lines), names)
    after = model.state_dict()
    moved = set()
    for part, tensors in TENSORS.items():
        for name in tensors:
            if not torch.equal(before[name], after[name]):
                moved.add(part)
    return moved


def listed(parts: set[str]) -> str:
    """These parts as an option says them."""
    words = [IN_WORDS[part] for part in IN_WORDS if part in parts]
    return "; ".join(words).capitalize() or "Nothing"


def beliefs(moved: set[str], frozen: tuple[str, ...]) -> list[tuple[set[str], str]]:
    """(parts, reason): what somebody with a wrong belief would answer, and why it is wrong.

    Some answers can be right by chance; `pose` leaves these out.
    """
    free = {"conv", "affine", "head"} - set(frozen)
    return [
        (
            moved - {"statistics"},
            "The running statistics are no parameters: a forward in train mode writes them, "
            "gradient or not.",
        ),
        (
            moved | {"statistics"},
            "In eval mode the running statistics are read and not written. The last word on the "
            "mode counts.",
        ),
        (
            moved - {"affine"},
            "`eval()` freezes no parameter, and freezing the convolution does not freeze the "
            "layer behind it.",
        ),
        (
            moved | set(frozen),
            "What has `requires_grad = False` gets no gradient, and the optimizer passes it by.",
        ),
        (
            moved | free,
            "A gradient moves nothing by itself: only what the optimizer holds takes a step.",
        ),
        (
            {"head"} | moved & {"statistics"},
            "More of the network is free, and the optimizer holds it.",
        ),
        (
            set(TENSORS),
            "Look at what is frozen, which mode is the last, and what the optimizer holds: not "
            "all of it can move.",
        ),
        (
            moved - {"head"},
            "The head is free, the optimizer holds it, and the loss depends on it: it moves.",
        ),
        (
            set(),
            "`step()` moves what has a gradient and is in the optimizer, and the head is and has.",
        ),
    ]


def why_these(moved: set[str], frozen: tuple[str, ...], held: str) -> str:
    """The explanation of the right answer: what does not move, and why."""
    still = []
    if frozen:
        still.append("what is frozen")
    if held != "model":
        still.append("what the optimizer does not hold")
    if "statistics" not in moved:
        still.append("the running statistics, in eval mode")
    if not still:
        return "All is free, in train mode, and in the optimizer's hands."
    return f"Every other tensor moves; these stand still: {', '.join(still)}."


@endless
def what_a_step_changes(rng: Random) -> Question:
    """Which tensors of a small network change in a training step, given what is frozen, the mode
    and what the optimizer holds?
    """
    frozen = rng.choice([(), ("conv",), ("affine",), ("conv", "affine")])
    mode = rng.choice(list(SET_MODE))
    held = rng.choice(["model", "model", "model[4]"])  # model[4] is the head
    classes = rng.randint(2, 9)
    lines = lines_of(frozen, mode, held)
    moved = moved_by(lines)
    others = [wrong(listed(parts), reason) for parts, reason in beliefs(moved, frozen)]
    prompt = (
        "`model` is `nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), "
        f"nn.Flatten(), nn.Linear(144, {classes}))`. What has changed after these lines?"
    )
    return pose(rng, prompt, lines, right(listed(moved), why_these(moved, frozen, held)), others)


KINDS = ("what_a_step_changes",)
