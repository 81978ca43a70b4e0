"""The endless kinds of questions in the quiz of lesson 04."""

import copy
import pickle
from random import Random

import torch
from torch import nn

from course.checking import comparisons
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Option, Question, right, wrong
from course.lessons.lesson04.sharing import shared_names

MODULES = {"copy": copy, "pickle": pickle, "nn": nn, "torch": torch}  # what the questions import


def draw_block(rng: Random) -> tuple[str, tuple[int, ...]]:
    """The line that builds a small block, and the indices of its layers with parameters."""
    a = rng.randint(2, 32)
    b = rng.randint(2, 32)
    c = rng.randint(2, 32)
    return rng.choice(
        [
            (
                f"block = nn.Sequential(nn.Conv2d(3, {a}, 3), nn.BatchNorm2d({a}), nn.ReLU())",
                (0, 1),
            ),
            (
                f"block = nn.Sequential(nn.BatchNorm2d({a}), nn.ReLU(), nn.Conv2d({a}, {b}, 1))",
                (0, 2),
            ),
            (
                f"block = nn.Sequential(nn.Linear({a}, {b}), nn.BatchNorm1d({b}), nn.ReLU(), "
                f"nn.Linear({b}, {c}))",
                (0, 1, 3),
            ),
        ]
    )


def names_after(lines: list[str]) -> dict:
    """The names that these lines of code set, and their values, from a fixed random state."""
    names = dict(MODULES)
    with torch.random.fork_rng(devices=[]):
        exec("\n".join(lines), names)
    return names


# (lines that make a and b from block, why they share what they share); {k} has parameters.
WAYS = [
    ("a, b = block[:], block[:]", "A slice is a new container around the same layers."),
    ("a, b = [block] * 2", "The list names one module twice, so `a` and `b` are the same object."),
    (
        "a, b = block, nn.Sequential(*block)",
        "A new Sequential around old layers holds the old layers.",
    ),
    (
        "a, b = block, copy.copy(block)",
        "`copy.copy` makes a new object around the same layers.",
    ),
    (
        "a, b = copy.deepcopy([block] * 2)",
        "Within one call, deepcopy copies the block once and uses the copy twice.",
    ),
    (
        "a, b = pickle.loads(pickle.dumps([block, block]))",
        "pickle stores that the list names one module twice, and restores it so.",
    ),
    (
        "a, b = block, copy.deepcopy(block)",
        "deepcopy copies all parameters and buffers of the block.",
    ),
    (
        "a, b = [copy.deepcopy(block) for _ in range(2)]",
        "Two calls of deepcopy make two independent copies.",
    ),
    (
        "a, b = copy.deepcopy(block[:]), block[:]",
        "deepcopy copies all parameters and buffers of the layers in the slice.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb.load_state_dict(a.state_dict())",
        "Loading copies values into the tensors that `b` already has.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb.load_state_dict(a.state_dict(), assign=True)",
        "`assign=True` puts the tensors of the dict themselves into `b`, and they use the memory "
        "of `a`.",
    ),
    (
        "a, b = block, block[:]\nb[{k}] = copy.deepcopy(b[{k}])",
        "The slice shares all layers, but then `b` gets a copy of layer {k}.",
    ),
    (
        "a, b = copy.deepcopy(block), block[:]\nb[{k}] = a[{k}]",
        "deepcopy shares nothing, but then `b` gets layer {k} of `a`.",
    ),
    (
        "a, b = block, block[:]\nb[{k}].reset_parameters()",
        "The slice shares all layers. A reset changes values in place, in both.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb[{k}].weight = a[{k}].weight",
        "deepcopy shares nothing, but then `b` gets one parameter of `a`.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb[{k}].bias = a[{k}].bias",
        "deepcopy shares nothing, but then `b` gets a bias of `a`.",
    ),
    (
        "a = block\nb = copy.deepcopy(a, {{id(p): p for p in a.parameters()}})",
        "The dict tells deepcopy what counts as copied already: it copies the buffers, and `b` "
        "gets the parameters of `a`.",
    ),
    (
        "a = block\nb = copy.deepcopy(a, {{id(t): t for t in a.buffers()}})",
        "The dict tells deepcopy what counts as copied already: it copies the parameters, and `b` "
        "gets the buffers of `a`.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb[{k}].weight.data.copy_(a[{k}].weight)",
        "`copy_` copies values. The memory stays that of `b`.",
    ),
]


def listed(names: list[str], everything: list[str]) -> str:
    """These names, some of `everything`, as an option says them."""
    if not names:
        return "None."
    if len(names) == len(everything):
        return f"All {len(everything)}."
    return ", ".join(f"`{name}`" for name in names)


@endless
def who_shares(rng: Random) -> Question:
    """Which tensors of `a` are in memory that `b` uses too, after some lines make both?"""
    line, weights = draw_block(rng)
    way, why = rng.choice(sorted(WAYS))
    k = rng.choice(weights)
    lines = [line, *way.format(k=k).split("\n")]
    made = names_after(lines)
    a, b = made["a"], made["b"]
    everything = list(a.state_dict())
    common = shared_names(a, b)
    answer = listed([name for name in everything if name in common], everything)
    buffers = {name for name, _ in a.named_buffers()}
    return pose(
        rng,
        "Which parameters and buffers of `a` share memory with a parameter or buffer of `b`?",
        lines,
        right(answer, why.format(k=k)),
        wrong_shares(everything, buffers, k),
    )


def wrong_shares(everything: list[str], buffers: set[str], k: int) -> list[Option]:
    """Answers to `who_shares` that can be wrong, each with what to look at.

    `pose` leaves out the one that is right.
    """
    only_parameters = [name for name in everything if name not in buffers]
    only_buffers = [name for name in everything if name in buffers]
    only_layer = [name for name in everything if name.startswith(f"{k}.")]
    all_but_layer = [name for name in everything if name not in only_layer]
    return [
        wrong(
            "None.",
            "Different objects can still use the same memory. Follow each tensor through these "
            "lines.",
        ),
        wrong(
            f"All {len(everything)}.",
            "Equal values are not shared memory. Look for the line that makes a copy, and at what "
            "it copies.",
        ),
        wrong(
            listed(only_parameters, everything),
            "These are all parameters without the buffers. Look whether a line takes the "
            "parameters of a module apart from its buffers.",
        ),
        wrong(
            listed(only_buffers, everything),
            "These are all buffers without the parameters. Look whether a line takes the buffers "
            "of a module apart from its parameters.",
        ),
        wrong(
            listed(only_layer, everything),
            f"These are the tensors of layer {k}. Look at what happens to the other layers, and "
            "whether a line takes the whole layer or a single tensor.",
        ),
        wrong(
            listed(all_but_layer, everything),
            f"These are the tensors of all layers but layer {k}. Look whether a line copies that "
            "layer, or only changes values in it.",
        ),
        wrong(
            f"`{k}.weight`",
            "This is a single parameter. Look whether a line takes the parameter itself, only its "
            "values, or its layer.",
        ),
        wrong(
            f"`{k}.bias`",
            "This is a single parameter. Look whether a line names this bias, or takes its whole "
            "layer.",
        ),
    ]


# (an expression that counts, what it counts)
COUNTS = [
    (
        "sum(p.numel() for p in model.parameters())",
        "`parameters()` gives each parameter object once, and no buffers.",
    ),
    (
        "len(list(model.parameters()))",
        "`parameters()` gives each parameter object once. The expression counts tensors, not the "
        "numbers in them.",
    ),
    (
        "len(model.state_dict())",
        "A `state_dict` lists parameters and buffers under each of their names, shared or not.",
    ),
    (
        "len({t.data_ptr() for t in model.state_dict().values()})",
        "The set holds one address for each tensor in memory, whatever names it has in the "
        "`state_dict`.",
    ),
    (
        "sum(t.numel() for t in model.state_dict().values())",
        "A `state_dict` lists parameters and buffers under each of their names, and the sum "
        "counts each entry.",
    ),
]


# (an expression that makes n branches, what it makes in words)
BRANCHES = [
    ("[block] * {n}", "one object under {n} names"),
    ("[block[:] for _ in range({n})]", "{n} containers around the same layers"),
    ("copy.deepcopy([block] * {n})", "one copy under {n} names"),
    ("[copy.deepcopy(block) for _ in range({n})]", "{n} copies"),
    (
        "[block, *(copy.deepcopy(block) for _ in range({n} - 1))]",
        "the block and enough copies to make {n} branches",
    ),
]


@endless
def how_many(rng: Random) -> Question:
    """What does an expression count in a model of n branches, shared or copied?"""
    line, _ = draw_block(rng)
    n = rng.randint(2, 8)
    count, why = rng.choice(sorted(COUNTS))
    branches, what = rng.choice(sorted(BRANCHES))
    lines = [line, f"model = nn.ModuleList({branches.format(n=n)})", f"count = {count}"]
    made = names_after(lines)
    return pose(
        rng,
        "What is `count`?",
        lines,
        right(f"{made['count']:,}", f"The model holds {what.format(n=n)}. {why}"),
        wrong_counts(made["block"], n),
    )


def wrong_counts(block: nn.Module, n: int) -> list[Option]:
    """Answers to `how_many` that can be wrong, each with what it would count.

    `pose` leaves out the one that is right.
    """
    parameters = list(block.parameters())
    state = list(block.state_dict().values())
    in_parameters = comparisons.numbers_in(parameters)
    in_state = comparisons.numbers_in(state)
    return [
        wrong(
            f"{n * in_parameters:,}",
            f"This is {n} times the numbers in the block's parameters.",
        ),
        wrong(f"{in_parameters:,}", "These are the numbers in the parameters of one block."),
        wrong(
            f"{n * in_state:,}",
            f"This is {n} times the numbers in the block's parameters and buffers.",
        ),
        wrong(f"{in_state:,}", "These are the numbers in the parameters and buffers of one block."),
        wrong(
            f"{n * len(parameters)}",
            f"This is {n} times the number of the block's parameter tensors.",
        ),
        wrong(f"{len(parameters)}", "This is the number of one block's parameter tensors."),
        wrong(
            f"{n * len(state)}",
            f"This is {n} times the number of the block's parameter and buffer tensors.",
        ),
        wrong(f"{len(state)}", "This is the number of one block's parameter and buffer tensors."),
    ]


KINDS = ("who_shares", "how_many")
