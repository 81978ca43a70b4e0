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
            "Nothing, because there are no gradients.",
            "That is true of the parameters. But running statistics are buffers: a forward in "
            "train mode changes them, with or without gradients.",
        ),
        right(
            "60 buffers: the means, variances and batch counters of 20 BatchNorm layers.",
            "In train mode each BatchNorm mixes the batch's mean and variance into its own, and "
            "counts the batch. It needs no gradient for that.",
        ),
        wrong(
            "The gammas and betas of 20 BatchNorm layers.",
            "Gamma and beta are parameters. Only an optimizer's step would change them, and there "
            "was none.",
        ),
        wrong(
            "40 buffers: the means and variances of 20 BatchNorm layers.",
            "They have changed. But each layer has a third buffer, `num_batches_tracked`, which "
            "counts the batches.",
        ),
    ),
)

WHICH_LOOP = Question(
    "Backbone and old head are frozen. Which loop leaves the old head's answers as they were, "
    "while the new head's Dropout is active in training?",
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
            "The statistics stay, so the old head does as well. But the new head is in eval mode, "
            "too, and its Dropout is off.",
        ),
        right(
            snippet(
                "for epoch in range(5):",
                "    model.train()",
                "    model.backbone.eval()",
                "    train_one_epoch(model)",
            ),
            "In each epoch the whole model goes into train mode, then the frozen part goes back "
            "into eval mode.",
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
            "In the first epoch the backbone is in eval mode. The `train()` after the evaluation "
            "puts it into train mode, so from the second epoch on its statistics move.",
        ),
    ),
)

MOMENTUM = Question(
    "Which value of a BatchNorm layer's `momentum` keeps its running mean as it is, in train mode?",
    (
        right(
            "`momentum = 0.0`",
            "The new batch gets a share of 0. But in train mode the layer still *normalises* with "
            "the batch's own statistics.",
        ),
        wrong(
            "`momentum = 1.0`",
            "The new batch gets a share of 1, so each batch replaces the running mean.",
        ),
        wrong(
            "`momentum = None`",
            "Then the running mean is the average over all batches so far, and still changes.",
        ),
        wrong(
            "`momentum = 0.1`",
            "That is the default. Each batch moves the running mean a tenth of the way.",
        ),
    ),
)

EVAL_AND_GAMMA = Question(
    "A BatchNorm layer is in eval mode. Its parameters have `requires_grad = True`, and the "
    "optimizer holds them. What does a training step change?",
    (
        wrong(
            "Nothing: `eval()` freezes the layer.",
            "`eval()` only decides which statistics are used, and that they stay. Gamma and beta "
            "get gradients as before.",
        ),
        wrong(
            "Its running mean and variance.",
            "In eval mode the layer uses them and does not change them. What changes are gamma "
            "and beta.",
        ),
        right(
            "Its gamma and beta.",
            "They are parameters with gradients, so the optimizer changes them. To freeze the "
            "layer you also need `requires_grad_(False)`.",
        ),
        wrong(
            "Gamma, beta, running mean and running variance.",
            "Running mean and variance change in train mode only. In eval mode only gamma and "
            "beta do.",
        ),
    ),
)

SNAPSHOT = Question(
    "You clone the state of a backbone, train a new head with the backbone in train mode, and then "
    "load the clone. Which head is worse off?",
    (
        wrong(
            "The old head.",
            "Its backbone has the old statistics again, so it answers as before.",
        ),
        right(
            "The new head.",
            "It was trained on features made with each batch's statistics, and now gets features "
            "made with the running ones.",
        ),
        wrong(
            "None, because the backbone is as it was before.",
            "The backbone is. But the new head was trained on other features than it gets now.",
        ),
        wrong(
            "Both heads.",
            "The old head is safe, because the clone brought its statistics back. Only the new "
            "head was trained on other features than it gets now.",
        ),
    ),
)

QUESTIONS = (WHO_MOVED, WHICH_LOOP, MOMENTUM, EVAL_AND_GAMMA, SNAPSHOT)


# ---- the endless kind: what one training step changes --------------------------------------------

TENSORS = {  # part of the small network: its tensors, as the state_dict names them
    "conv": ("0.weight",),
    "affine": ("1.weight", "1.bias"),
    "statistics": ("1.running_mean", "1.running_var", "1.num_batches_tracked"),
    "head": ("4.weight", "4.bias"),
}
IN_WORDS = {
    "conv": "the convolution's weight",
    "affine": "gamma and beta",
    "statistics": "the running mean, running variance and batch counter",
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
            nn.Conv2d(3, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(144, 3),
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


def beliefs(moved: set[str], frozen: tuple[str, ...]) -> list[set[str]]:
    """What somebody with a wrong belief would say has changed, when `moved` has.

    Some can be right by chance; `pose` leaves these out.
    """
    free = {"conv", "affine", "head"} - set(frozen)
    return [
        moved - {"statistics"},  # only an optimizer changes anything
        moved | {"statistics"},  # eval() does not stop the statistics
        moved - {"affine"},  # eval() freezes gamma and beta
        moved | set(frozen),  # requires_grad does not matter
        moved | free,  # the optimizer need not hold a parameter
        {"head"} | moved & {"statistics"},  # only a head learns
        set(TENSORS),  # everything changes
        moved - {"head"},
        set(),
    ]


def why_wrong(parts: set[str], moved: set[str], frozen: tuple[str, ...]) -> str:
    """The explanation of a wrong option: each difference between its parts and `moved`."""
    reasons = []
    for part, words in IN_WORDS.items():
        if part == "statistics" and part in parts - moved:
            reasons.append(
                "The BatchNorm is in eval mode when the batch passes through it, so its running "
                "statistics stay."
            )
        elif part == "statistics" and part in moved - parts:
            reasons.append(
                "The BatchNorm is in train mode when the batch passes through it, so the forward "
                "changes its running statistics."
            )
        elif part in parts - moved and part in frozen:
            reasons.append(f"The code freezes {words}, so the step makes no change there.")
        elif part in parts - moved:
            reasons.append(
                f"The optimizer does not hold {words}, so its step changes nothing there."
            )
        elif part in moved - parts:
            reasons.append(
                f"The optimizer holds {words}, and nothing freezes that part, so the step changes "
                "it."
            )
    return " ".join(reasons)


def why_these(moved: set[str], frozen: tuple[str, ...], held: str) -> str:
    """The explanation of the right answer: what does not change, and why."""
    still = []
    if frozen:
        still.append("the frozen parameters")
    if held != "model":
        still.append("the parameters that the optimizer does not hold")
    if "statistics" not in moved:
        still.append("the running statistics, because the BatchNorm is in eval mode")
    if not still:
        return (
            "Nothing is frozen, the optimizer holds all parameters, and the model is in train mode."
        )
    if not moved:
        return (
            "The optimizer holds frozen parameters alone, and the BatchNorm is in eval mode: no "
            "tensor changes."
        )
    return f"Everything changes except {'; '.join(still)}."


@endless
def what_a_step_changes(rng: Random) -> Question:
    """Which tensors of a small network change in a training step, given what is frozen, the mode
    and what the optimizer holds?
    """
    frozen = rng.choice([(), ("conv",), ("affine",), ("conv", "affine")])
    mode = rng.choice(list(SET_MODE))
    # model[4] is the head, model[:2] has the other parameters
    held = rng.choice(["model", "model", "model[4]", "model[:2]"])
    classes = rng.randint(2, 9)
    lines = lines_of(frozen, mode, held)
    moved = moved_by(lines)
    others = []
    for parts in beliefs(moved, frozen):
        if parts != moved:
            others.append(wrong(listed(parts), why_wrong(parts, moved, frozen)))
    prompt = (
        "`model` is `nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), "
        f"nn.Flatten(), nn.Linear(144, {classes}))`. What has changed after these lines?"
    )
    return pose(rng, prompt, lines, right(listed(moved), why_these(moved, frozen, held)), others)


KINDS = ("what_a_step_changes",)
