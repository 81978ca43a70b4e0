"""The practice quiz of lesson 04, shared or copied: five questions and two endless kinds.

tests/course/lessons/test_facts_lesson04.py measures what the answers say.
"""

import copy
import pickle
from random import Random

import torch
from torch import nn

from course.checking import comparisons
from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Option, Question, right, snippet, wrong
from course.lessons.lesson04.sharing import shared_names

WHO_CHANGES = Question(
    "`branches = [features[-2:] for _ in range(5)]`. An optimizer holds `branches[0].parameters()` "
    "and makes a step. Which branches have changed?",
    (
        wrong(
            "Only the first: the optimizer holds no other parameters.",
            "It holds the parameters of one block. But this block is inside all five slices, "
            "under five names.",
        ),
        right(
            "All five: the slices are five containers around the same layers.",
            "A slice of an `nn.Sequential` makes a new container and copies no layer, as a slice "
            "of a list copies no element.",
        ),
        wrong(
            "None: a slice is a copy, the parameters of `features` stay.",
            "A slice copies no weights. The step changes those of `features`, and so all that "
            "looks at them.",
        ),
        wrong(
            "The first, and the others by and by, as training goes on.",
            "There is nothing to catch up: they hold the same tensor, so the change is there in "
            "all five at once.",
        ),
    ),
)

WHICH_COPIES = Question(
    "`block` is a trained part of a network. Which line makes five branches that can learn "
    "different things?",
    (
        wrong(
            snippet("branches = nn.ModuleList([block] * 5)"),
            "That is a list with one module in five places.",
        ),
        wrong(
            snippet("branches = nn.ModuleList(copy.deepcopy([block] * 5))"),
            "deepcopy remembers what it has copied: the list has one module in five places, and "
            "so has its copy.",
        ),
        wrong(
            snippet("branches = nn.ModuleList(copy.copy(block) for _ in range(5))"),
            "`copy.copy` makes a new container around the same children. It copies no weight.",
        ),
        right(
            snippet("branches = nn.ModuleList(copy.deepcopy(block) for _ in range(5))"),
            "Five calls of deepcopy make five copies, of weights and buffers.",
        ),
    ),
)

KEYS = Question(
    "Two models have the same 1,523 keys in their `state_dict`, and each loads the other's "
    "strictly, without complaint. "
    "What do you know about their branches?",
    (
        wrong(
            "If one model's branches share weights, so do the other's.",
            "A `state_dict` lists a shared tensor under each of its names. The keys look the "
            "same, shared or not.",
        ),
        wrong(
            "Neither model shares: a shared tensor would be listed once.",
            "It is listed under each name. `parameters()` is what gives each parameter object "
            "once.",
        ),
        right(
            "Nothing. Names and shapes do not tell who shares memory.",
            "Strict loading compares names and shapes. To know who shares, look at the addresses, "
            "or at what a step changes.",
        ),
        wrong(
            "All values will survive loading in either direction.",
            "Five different branches, loaded into shared ones, are written over each other. Only "
            "the last one remains.",
        ),
    ),
)

SHARE = Question(
    "Five branches share a BatchNorm with momentum 0.1, and in one forward the same features pass "
    "it five times. "
    "Which share has this batch in the running mean afterwards?",
    (
        wrong("0.1", "That is one pass. There are five, and each moves the mean."),
        wrong(
            "0.5",
            "Each pass moves the mean by a tenth of what is *left*, so five passes do not add up "
            "to a half.",
        ),
        right(
            "About 0.41",
            "What is left of the old mean is 0.9 to the power of 5, that is 0.59. The rest is the "
            "batch's.",
        ),
        wrong("About 0.59", "That is the share of the *old* mean: 0.9 to the power of 5."),
    ),
)

ASSIGNED = Question(
    "`shared` has five branches in one memory, `copied` has five of its own. What does this line "
    "do?\n\n" + snippet("copied.load_state_dict(shared.state_dict(), assign=True)"),
    (
        wrong(
            "It copies values; the branches of `copied` stay independent.",
            "That is what happens *without* `assign=True`. With it, the tensors of the dict "
            "themselves are put in.",
        ),
        right(
            "The branches of `copied` share one memory now, with those of `shared` too.",
            "The dict holds one memory under five names, and `assign=True` puts in what it is "
            "given.",
        ),
        wrong(
            "It raises an error, for the two models have different numbers of parameters.",
            "Both have the same keys and shapes, and that is all that is compared.",
        ),
        wrong(
            "The branches share, and `parameters()` gives fewer parameters than before.",
            "They share, but in parameter objects of their own. `parameters()` counts objects, so "
            "it gives as many as before.",
        ),
    ),
)

QUESTIONS = (WHO_CHANGES, WHICH_COPIES, KEYS, SHARE, ASSIGNED)


# ---- what both endless kinds use ----------------------------------------------------------------

MODULES = {"copy": copy, "pickle": pickle, "nn": nn, "torch": torch}  # what the questions import


def draw_block(rng: Random) -> tuple[str, tuple[int, ...]]:
    """The line that builds a small block, and the indices of its layers with weights."""
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


# ---- endless: which tensors two modules share ---------------------------------------------------

# (lines that make a and b from block, why they share what they share). {k} is a layer with weights.
WAYS = [
    ("a, b = block[:], block[:]", "A slice is a new container around the same layers."),
    ("a, b = [block] * 2", "A list can name one module twice: both names mean the same one."),
    (
        "a, b = block, nn.Sequential(*block)",
        "A new Sequential around old layers holds the old layers.",
    ),
    (
        "a, b = block, copy.copy(block)",
        "`copy.copy` makes a new container around the same children.",
    ),
    (
        "a, b = copy.deepcopy([block] * 2)",
        "deepcopy of a list copies the block once, and gives the copy twice.",
    ),
    (
        "a, b = pickle.loads(pickle.dumps([block, block]))",
        "pickle remembers that the list holds one module twice.",
    ),
    (
        "a, b = block, copy.deepcopy(block)",
        "deepcopy copies everything in the block, weights and buffers.",
    ),
    (
        "a, b = [copy.deepcopy(block) for _ in range(2)]",
        "Two calls of deepcopy make two copies, and neither is the block.",
    ),
    (
        "a, b = copy.deepcopy(block[:]), block[:]",
        "deepcopy copies what the slice holds, weights and buffers.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb.load_state_dict(a.state_dict())",
        "Loading copies values into the tensors that `b` has already.",
    ),
    (
        "a, b = block, copy.deepcopy(block)\nb.load_state_dict(a.state_dict(), assign=True)",
        "`assign=True` puts the tensors of the dict themselves into `b`, and these are the ones "
        "of `a`.",
    ),
    (
        "a, b = block, block[:]\nb[{k}] = copy.deepcopy(b[{k}])",
        "The slice shares all layers, but then layer {k} of `b` is copied.",
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
        "`a` and `b` can hold tensors, parameters or buffers, in the same memory. Which of `a`'s?",
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
            "Different containers, or different objects, can hold the same memory: follow each "
            "tensor through these lines.",
        ),
        wrong(
            f"All {len(everything)}.",
            "Equal values are not shared memory. Look which line makes a copy, and of what.",
        ),
        wrong(
            listed(only_parameters, everything),
            "That would be the parameters alone. Buffers lie in the same layers: what copies or "
            "shares a layer treats them alike.",
        ),
        wrong(
            listed(only_buffers, everything),
            "That would be the buffers alone. Parameters lie in the same layers: what copies or "
            "shares a layer treats them alike.",
        ),
        wrong(
            listed(only_layer, everything),
            f"That would be all of layer {k}. Look what happens to the other layers, and whether "
            "a line takes it all or one tensor.",
        ),
        wrong(
            listed(all_but_layer, everything),
            f"That would be all but layer {k}. Look whether a line copies that layer, or only "
            "changes values in it.",
        ),
        wrong(
            f"`{k}.weight`",
            "That would be one parameter alone. Look whether a line takes the parameter itself, "
            "or values, or the layer.",
        ),
        wrong(
            f"`{k}.bias`",
            "That would be one parameter alone. No line here treats a bias in another way than "
            "its layer.",
        ),
    ]


# ---- endless: how many tensors or numbers a model has -------------------------------------------

# (an expression that counts, what it counts)
COUNTS = [
    (
        "sum(p.numel() for p in model.parameters())",
        "`parameters()` gives each parameter object once, and no buffer.",
    ),
    (
        "len(list(model.parameters()))",
        "`parameters()` gives each parameter object once; these are tensors, not the numbers in "
        "them.",
    ),
    (
        "len(model.state_dict())",
        "A `state_dict` lists parameters and buffers under each of their names, shared or not.",
    ),
    (
        "sum(t.numel() for t in model.state_dict().values())",
        "A `state_dict` lists parameters and buffers under each of their names: all are summed.",
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
        "the block and {n} copies less one",
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
            f"That is {n} times the numbers in the block's parameters.",
        ),
        wrong(f"{in_parameters:,}", "That is the numbers in the parameters of one block."),
        wrong(
            f"{n * in_state:,}",
            f"That is {n} times the numbers in the block's parameters and buffers.",
        ),
        wrong(f"{in_state:,}", "That is the numbers in the parameters and buffers of one block."),
        wrong(f"{n * len(parameters)}", f"That is {n} times the parameter tensors of the block."),
        wrong(f"{len(parameters)}", "That is the parameter tensors of one block."),
        wrong(
            f"{n * len(state)}", f"That is {n} times the parameter and buffer tensors of the block."
        ),
        wrong(f"{len(state)}", "That is the parameter and buffer tensors of one block."),
    ]


KINDS = ("who_shares", "how_many")
