"""The checks of lesson 04, shared or copied: one for each exercise."""

from collections.abc import Callable

from torch import nn

from course.checking import modes
from course.checking.check import check, expect
from course.checking.misconception import (
    Misconception,
    expect_something,
    wrong_result,
)
from course.checking.values import near, number, whole_number
from course.lessons.lesson04.columns import expect_columns
from course.lessons.lesson04.copies import expect_branches
from course.lessons.lesson04.counting import (
    MODELS_IN_WORDS,
    model_to_count,
    stored_in,
    why_wrong_count,
)
from course.lessons.lesson04.fixtures import (
    CLINICAL_ORDER,
    SIZES,
    Order,
    Sizes,
    pairs_of_modules,
    small_densenet,
    varied_images,
    with_branches,
)
from course.lessons.lesson04.linear_heads import expect_linear_heads
from course.lessons.lesson04.loading import expect_keys_not_kept
from course.lessons.lesson04.names_shared import AsItWas, expect_shared_names
from course.lessons.lesson04.sharing import (
    full_state,
    leaves,
)
from course.lessons.lesson04.untying import expect_untied
from course.lessons.lesson04.whole_model import (
    expect_nothing_random,
    expect_one_batch_counted,
    expect_parts,
    expect_registered,
    expect_same_logits,
    logits_of,
)

# ---- Exercise 1: what two modules share ---------------------------------------------------------


@check
def shared_tensors(answer: Callable, growth: int = 4) -> str:
    """Exercise 1: which parameters and buffers of `a` are in memory that `b` uses too?

    Tried with slices, parts, copies, shared parameters, shared buffers, assigned and transposed
    tensors. Hidden: another growth rate, so other shapes.
    """
    for what, a, b in pairs_of_modules(growth):
        expect_shared_names(answer, what, a, b)
    return (
        "shared memory found in slices, parts, buffers, transposed and assigned parameters, and "
        "none in a deepcopy; all modules are as they were."
    )


# ---- Exercise 2: count what is stored -----------------------------------------------------------


@check
def stored_numbers(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "equal", "assigned", "tied", "frozen", "float64"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 2: how many numbers do the parameters of a model hold in memory?

    `kinds` are ways in which the branches share, as in BRANCH_KINDS, or models of other kinds. Last
    comes a model with a parameter outside its layers. Hidden: three other kinds, and other sizes of
    the heads.
    """
    said = []
    for kind in (*kinds, "own"):
        model = model_to_count(kind, sizes)
        expected = stored_in(model.named_parameters(remove_duplicate=False))
        before = AsItWas(model)
        call = f"stored_numbers for {MODELS_IN_WORDS.get(kind) or with_branches(kind)}"
        found = answer(model)
        expect_something(found, call)
        count = whole_number(found, f"a whole number from {call}")
        before.expect_unchanged(call)
        if count != expected:
            raise why_wrong_count(
                model, kind, count, f"{call}: expected {expected:,}; got {count:,}"
            )
        if kind in kinds:
            said.append(f"{kind} {expected:,}")
    return f"numbers in memory, each counted once: {', '.join(said)}."


# ---- Exercise 3: independent branches -----------------------------------------------------------


@check
def independent(
    answer: Callable,
    cases: tuple[tuple[str, int], ...] = (("narrow", 5), ("small", 2), ("mixed", 1)),
) -> str:
    """Exercise 3: make n branches that are full copies of the block and share no memory.

    `cases` are pairs (block, n). Hidden: a stage of a ShuffleNet, and the mixed block with n = 3.
    """
    for name, n in cases:
        expect_branches(answer, name, n)
    counts = ", ".join(f"{n} of the {name} block" for name, n in cases)
    return f"full copies of the block, with its modes, and no two share a tensor: {counts}."


# ---- Exercise 4: the whole model ----------------------------------------------------------------


@check
def five_targets(
    answer: Callable, sizes: Sizes = (1, 4, 2, 4, 3), growth: int = 4, blocks: Sizes = (2, 2, 2, 2)
) -> str:
    """Exercise 4: build a model of one trunk, and for each target a branch and a head of its own.

    The graph that autograd records tells which parameters a target uses. `growth` and `blocks`
    describe the DenseNet. At the end there are three targets more. Hidden: other numbers of
    targets, outputs, channels and layers.
    """
    net = small_densenet(growth, blocks)
    images = varied_images(40, side=64)
    model = answer(lambda: small_densenet(growth, blocks), list(sizes))
    expect(model, nn.Module, "an nn.Module from five_targets(make, sizes)")
    modes.expect_modes(model, "five_targets(make, sizes)")
    first = logits_of(model, images, sizes)
    before = full_state(model)
    second = logits_of(model, images, sizes)
    used = [leaves(logits) for logits in first]
    used_again = [leaves(logits) for logits in second]
    expect_registered(model, used, used_again)
    expect_same_logits(model, before, first, second)
    parts = expect_parts(model, net, used, sizes, first)
    # of the first side, 95 // 32 is not the side of the last features
    batches = [images, varied_images(8, side=95, seed=2), images[:1]]
    expect_linear_heads(model, net, parts, batches, sizes)
    expect_one_batch_counted(model, images)
    expect_nothing_random(model, images, sizes)
    more = (*sizes, 2, 1, 5)
    larger = answer(lambda: small_densenet(growth, blocks), list(more))
    expect(larger, nn.Module, "an nn.Module from five_targets(make, sizes)")
    logits_of(larger.eval(), images[:1], more)
    total = sum(p.numel() for p in model.parameters())
    return (
        f"one trunk, {len(sizes)} branches that share nothing, {len(sizes)} heads with "
        f"{sum(sizes)} logits; {total:,} parameters, all registered."
    )


# ---- Exercise 5: how much of the batch ----------------------------------------------------------


@check
def effective_momentum(
    answer: Callable,
    cases: tuple[tuple[float, int], ...] = ((0.1, 5), (0.3, 2), (0.2, 1), (0.0, 3), (1.0, 2)),
) -> str:
    """Exercise 5: a batch passes n times in a forward: what is its share of the running mean?

    `cases` are pairs (momentum, branches). Each forward keeps 1 - momentum of the old mean, by the
    update rule in the documentation of torch.nn.BatchNorm2d; a test measures it with a BatchNorm2d.
    Hidden: other pairs.
    """
    said = []
    for momentum, branches in cases:
        expected = 1 - (1 - momentum) ** branches
        call = f"effective_momentum({momentum}, {branches})"
        found = answer(momentum, branches)
        expect_something(found, call)
        share = number(found, f"a number from {call}")
        if not near(share, expected, 1e-5):
            raise why_wrong_share(
                share,
                momentum,
                branches,
                f"{call}: expected {expected:.5f}, as measured on a BatchNorm2d that is called "
                f"{branches} times; got {share:.5f}",
            )
        said.append(f"{expected:.5f} for {branches} times {momentum}")
    return f"the share of the batch: {', '.join(said)}."


def why_wrong_share(share: float, momentum: float, branches: int, observed: str) -> Misconception:
    """Return the Misconception behind a wrong share."""
    right = 1 - (1 - momentum) ** branches
    mistakes = {
        "updates-counted-once": momentum,
        "updates-add-up": momentum * branches,
        "share-of-the-old": (1 - momentum) ** branches,
    }
    for code, value in mistakes.items():
        if near(share, value):
            return Misconception(code, observed)
    thoughts = {
        "yours is a percentage; expected a share from 0 to 1": 100 * right,
        "that is momentum to the power of branches": momentum**branches,
        "that is 1 minus momentum to the power of branches": 1 - momentum**branches,
        "that is the share of the first call alone": momentum * (1 - momentum) ** (branches - 1),
        "that is the share after two calls": 1 - (1 - momentum) ** 2,
        "that is the sum of the shares, divided by momentum": right / momentum if momentum else 0,
        "that is the share after one call less": 1 - (1 - momentum) ** (branches - 1),
        "that is the share after one call more": 1 - (1 - momentum) ** (branches + 1),
    }
    for thought, value in thoughts.items():
        if near(share, value):
            return wrong_result(f"{observed} ({thought})")
    if share and share in [round(right, digits) for digits in range(5)]:
        return wrong_result(f"{observed} (yours is rounded)")
    return wrong_result(observed)


# ---- Exercise 6: put the columns in order -------------------------------------------------------

# Here an answer that counts branches from 0 raises no error: branch 3 is there, and not asked for.
TWO_OF_THREE = ((2, 2, 2), ((2, 1), (1, 0), (2, 0), (1, 1)), 3)
# With more than ten columns: read as a decimal number, 2.10 is 2.1.
TWELVE_COLUMNS = ((1, 12), ((2, 10), (2, 1), (1, 0), (2, 11)), 2)


@check
def in_order(
    answer: Callable,
    cases: tuple[tuple[Sizes, Order, int], ...] = (
        TWO_OF_THREE,
        (SIZES, CLINICAL_ORDER, 3),
        ((3, 2), ((2, 1), (1, 2), (2, 1)), 2),
        ((3, 2), ((2, 0), (1, 2), (1, 0)), 1),
    ),
) -> str:
    """Exercise 6: put the columns of all branches into a given order, with their gradients.

    `cases` are (sizes, order, rows); `order[k]` is (branch, column) for column k of the result.
    Last comes a branch with twelve columns. Hidden: other sizes and orders, a single row, a single
    column.
    """
    for sizes, order, count in (*cases, TWELVE_COLUMNS):
        expect_columns(answer, sizes, order, count)
    widths = ", ".join(str(len(order)) for _, order, _ in cases)
    return f"{widths} columns in their places, with their gradients."


# ---- Exercise 7: what did not arrive ------------------------------------------------------------


@check
def not_kept(
    answer: Callable,
    cases: tuple[tuple[str, str], ...] = (
        ("sliced", "copied"),
        ("copied", "copied"),
        ("one object", "copied"),
        ("copied", "sliced"),
    ),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 7: under which keys does a model not have the loaded values?

    `cases` are pairs of BRANCH_KINDS: those of the model, and those of the model whose state is
    loaded. Hidden: other pairs, one with shared buffers, and other sizes.
    """
    said = []
    for into, origin in cases:
        count = expect_keys_not_kept(answer, into, origin, sizes)
        said.append(f"{origin} into {into} {count}")
    return f"the state is loaded, and these numbers of keys were not kept: {', '.join(said)}."


# ---- Exercise 8: untie them ---------------------------------------------------------------------


@check
def untie(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "one object", "assigned", "one tensor"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 8: make the branches of a model independent, and change nothing else.

    `kinds` are ways in which the branches share, as in BRANCH_KINDS. Every second model has one
    branch more, and is in train mode. Hidden: shared buffers,
    branches that are independent already, and other sizes of the heads.
    """
    for number_of_kind, kind in enumerate(kinds):
        second = number_of_kind % 2 == 1
        expect_untied(answer, kind, (*sizes, 2) if second else sizes, train=second)
    return (
        "no two branches share memory any more, and values, modes, requires_grad and logits are "
        f"as they were ({', '.join(kinds)})."
    )
