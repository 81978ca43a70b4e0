"""The checks of lesson 04, shared or copied: one for each exercise."""

import copy
from collections.abc import Callable

import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import check, expect
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.lessons.lesson04.fixtures import (
    CLINICAL_ORDER,
    SIZES,
    as_if_trained,
    block_and_features,
    model_with_branches,
    pairs_of_modules,
    small_densenet,
    varied_images,
)
from course.lessons.lesson04.sharing import (
    address,
    expect_independent,
    leaves,
    named_tensors,
    shared_names,
)
from course.lessons.lesson04.whole_model import (
    expect_linear_heads,
    expect_one_batch_counted,
    expect_parts,
    expect_registered,
    logits_of,
)

Sizes = tuple[int, ...]

# ---- Exercise 1: what two modules share ---------------------------------------------------------


@check
def shared_tensors(answer: Callable, growth: int = 4) -> str:
    """Exercise 1: which parameters and buffers of `a` are in memory that `b` uses too?

    Tried with slices, parts, copies, shared parameters, shared buffers and assigned tensors of a
    DenseNet. Hidden: another growth rate, so other shapes.
    """
    for what, a, b in pairs_of_modules(growth):
        expect_shared_names(answer, what, a, b)
    return (
        "shared memory found in slices, parts, buffers, parameters and loaded copies, and none in "
        "a deepcopy."
    )


def expect_shared_names(answer: Callable, what: str, a: nn.Module, b: nn.Module) -> None:
    """Raise Misconception unless the answer names what `a` shares with `b`; `what` is in words."""
    found = answer(a, b)
    expected = shared_names(a, b)
    expect_something(found, f"shared_tensors for {what}")
    is_collection = isinstance(found, list | tuple | set | dict)
    if not is_collection or not all(isinstance(name, str) for name in found):
        raise wrong_result(f"expected names, such as 'norm5.weight'; you return {found!r:.60}")
    observed = f"{what}: you name {len(set(found))} tensors; {len(expected)} share memory"
    for name in found:
        if name not in expected:
            exists = name in dict(named_tensors(a))
            code = "equal-is-not-shared" if exists else "wrong-result"
            raise Misconception(code, f"{observed}, and {name} is not among them")
    missing = [name for name in expected if name not in found]
    if not missing:
        return
    observed += f", such as {missing[0]}"
    buffers = {name for name, _ in a.named_buffers()}
    if set(missing) == buffers.intersection(expected):
        raise Misconception("parameters-only", observed)
    if not found and what.startswith("two slices"):
        raise Misconception(
            "slice-shares-children",
            f"{observed}. A slice is a new object, and so is each tensor that state_dict() hands "
            "out",
        )
    code = "identity-is-not-memory" if "assign" in what else "wrong-result"
    raise Misconception(code, observed)


# ---- Exercise 2: count what is stored -----------------------------------------------------------


@check
def stored_numbers(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "copied", "assigned"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 2: how many numbers do the parameters of a model hold in memory?

    `kinds` are ways in which the branches share, as in BRANCH_KINDS. Hidden: two other kinds, and
    other sizes of the heads.
    """
    said = []
    for kind in kinds:
        model = model_with_branches(kind, sizes)
        found = answer(model)
        expect_something(found, f"stored_numbers({kind})")
        parameters = [p for _, p in model.named_parameters(remove_duplicate=False)]
        expected = sum({address(p): p.numel() for p in parameters}.values())
        if found != expected:
            raise why_wrong_count(model, kind, found, expected)
        said.append(f"{kind} {expected:,}")
    return f"numbers in memory, each counted once: {', '.join(said)}."


def why_wrong_count(model: nn.Module, kind: str, found: object, expected: int) -> Misconception:
    """Return the Misconception behind a wrong count of a model's numbers."""
    observed = (
        f"a model with {kind} branches: you say {found!r:.20}; "
        f"its parameters hold {expected:,} numbers in memory"
    )
    state = model.state_dict()
    objects = list(model.parameters())  # each object once
    of_names = [p for _, p in model.named_parameters(remove_duplicate=False)]  # once for each name
    from_state = sum(tensor.numel() for tensor in state.values())
    from_names = sum(p.numel() for p in of_names)
    from_objects = sum(p.numel() for p in objects)
    from_values = sum({comparisons.fingerprint(p): p.numel() for p in of_names}.values())
    if found in (from_state, from_names) and kind != "assigned":
        return Misconception(
            "counted-from-state-dict",
            f"{observed}. Its state_dict names {len(state):,} tensors, some of "
            "them several times, and buffers too",
        )
    if found == from_objects:
        return Misconception(
            "identity-is-not-memory",
            f"{observed}. Its {len(objects)} parameters are different objects",
        )
    if found == from_values:
        return Misconception(
            "equal-is-not-shared",
            f"{observed}. Branches with equal values are stored all the same",
        )
    if found in (len(of_names), len(objects)):
        return Misconception("tensors-not-numbers", observed)
    return wrong_result(observed)


# ---- Exercise 3: independent branches -----------------------------------------------------------


@check
def independent(answer: Callable, names: tuple[str, ...] = ("narrow", "small"), n: int = 5) -> str:
    """Exercise 3: make n branches that compute what the block computes and share no memory.

    Hidden: a stage of a ShuffleNet, and another n.
    """
    for name in names:
        expect_branches(answer, name, n)
    return (
        f"{n} branches give the block's features, and no two share a tensor ({', '.join(names)})."
    )


def expect_branches(answer: Callable, name: str, n: int) -> None:
    """Raise Misconception unless the answer makes n independent branches like the named block."""
    block, features = block_and_features(name)
    with torch.no_grad():
        expected = copy.deepcopy(block)(features)
    found = answer(block, n)
    if isinstance(found, list | tuple | dict):
        raise Misconception(
            "heads-not-registered",
            f"you return a {type(found).__name__}; as part of a model it would add no parameter to "
            "it",
        )
    expect(found, nn.Module, f"an nn.ModuleList of {n} branches")
    branches = list(vars(found)["_modules"].values())
    if len(branches) != n:
        raise wrong_result(f"expected {n} branches; yours has {len(branches)}")
    expect_independent(branches, block, f"{name}: ")
    for i, branch in enumerate(branches, 1):
        with torch.no_grad():
            output = branch.eval()(features)
        gap = (output - expected).abs().max().item()
        if not gap <= 1e-4:
            lost = first_difference(branch, block)
            raise Misconception(
                "pretrained-discarded",
                f"{name}: branch {i} gives other features than the block, off by up to {gap:.2g}; "
                f"{lost} no longer holds what the block's holds",
            )
        stuck = [key for key, p in branch.named_parameters() if not p.requires_grad]
        if stuck:
            raise wrong_result(
                f"{name}: {first_and_more(stuck)} of branch {i} cannot be trained: requires_grad "
                "is False"
            )


def first_difference(branch: nn.Module, block: nn.Module) -> str:
    """Return the name of the first tensor of the branch that differs from the block's."""
    trained = dict(named_tensors(block))
    for name, tensor in named_tensors(branch):
        if name in trained and not torch.equal(tensor, trained[name]):
            return name
    return "its weights"


# ---- Exercise 4: the whole model ----------------------------------------------------------------


@check
def five_targets(
    answer: Callable, sizes: Sizes = SIZES, growth: int = 4, blocks: Sizes = (2, 2, 2, 2)
) -> str:
    """Exercise 4: build a model of one trunk, and for each target a branch and a head of its own.

    The graph that autograd records tells which parameters a target uses. `growth` and `blocks`
    describe the DenseNet. Hidden: other numbers of targets, outputs, channels and layers.
    """
    net = small_densenet(growth, blocks)
    images = varied_images(40, side=64)
    model = answer(lambda: small_densenet(growth, blocks), list(sizes))
    expect(model, nn.Module, "the model")
    model.eval()
    first = logits_of(model, images, sizes)
    before = comparisons.snapshot(named_tensors(model))
    second = logits_of(model, images, sizes)
    moved = comparisons.moved_since(model, before)
    if moved:
        raise Misconception(
            "made-in-forward", f"one forward in eval mode has changed {first_and_more(moved)}"
        )
    for one, other in zip(first, second, strict=True):
        if not torch.allclose(one, other, atol=1e-5):
            raise Misconception(
                "made-in-forward",
                "the same pictures, in eval mode, give other logits the second time",
            )
    used = [leaves(logits) for logits in first]
    used_again = [leaves(logits) for logits in second]
    expect_registered(model, used, used_again)
    expect_parts(model, net, used)
    expect_linear_heads(net, images, first)
    expect_one_batch_counted(model, images)
    total = sum(p.numel() for p in model.parameters())
    return (
        f"one trunk, {len(sizes)} branches that share nothing, {sum(sizes)} logits; "
        f"{total:,} parameters, all registered."
    )


# ---- Exercise 5: how much of the batch ----------------------------------------------------------


@check
def effective_momentum(
    answer: Callable, cases: tuple[tuple[float, int], ...] = ((0.1, 5), (0.3, 2))
) -> str:
    """Exercise 5: a batch passes n times in a forward: what is its share of the running mean?

    `cases` are pairs (momentum, branches). Expected is what a BatchNorm2d measures. Hidden: other
    pairs, one with a single branch.
    """
    said = []
    for momentum, branches in cases:
        expected = measured_share(momentum, branches)
        found = answer(momentum, branches)
        expect_something(found, f"effective_momentum({momentum}, {branches})")
        is_numeric = isinstance(found, int | float | torch.Tensor)
        if not is_numeric or not abs(float(found) - expected) <= 1e-4:
            raise why_wrong_share(found, momentum, branches, expected)
        said.append(f"{expected:.5f} for {branches} times {momentum}")
    return f"the share of the batch, measured on a real BatchNorm: {', '.join(said)}."


def measured_share(momentum: float, branches: int) -> float:
    """Return the share of the batch's mean in the running mean after `branches` forwards.

    Each forward keeps 1 - momentum of the old mean, so this is 1 - (1 - momentum) ** branches: it
    follows from the update rule in the documentation of torch.nn.BatchNorm2d.
    """
    norm = nn.BatchNorm2d(1, momentum=momentum)
    features = torch.arange(8.0).view(2, 1, 2, 2)
    for _ in range(branches):
        norm(features)
    return (norm.running_mean / features.mean()).item()  # a new running mean is 0


def why_wrong_share(
    found: object, momentum: float, branches: int, expected: float
) -> Misconception:
    """Return the Misconception behind a wrong share."""
    is_number = isinstance(found, int | float)
    said = f"{found:.4g}" if is_number else f"{found!r:.30}"
    observed = (
        f"momentum {momentum}, {branches} branches: you say {said}; a BatchNorm2d that sees the "
        f"same batch {branches} times mixes in {expected:.4f} of its mean"
    )
    mistakes = {
        "updates-counted-once": momentum,
        "updates-add-up": momentum * branches,
        "momentum-the-wrong-way": (1 - momentum) ** branches,
    }
    for code, value in mistakes.items():
        if is_number and abs(found - value) < 1e-6:
            return Misconception(code, observed)
    return wrong_result(observed)


# ---- Exercise 6: put the columns in order -------------------------------------------------------


@check
def in_order(
    answer: Callable,
    sizes: Sizes = SIZES,
    order: tuple[tuple[int, int], ...] = CLINICAL_ORDER,
    count: int = 3,
) -> str:
    """Exercise 6: put the columns of all branches into a given order, with their gradients.

    `order[k]` is (branch, column) for column k of the result, and `count` is the number of rows.
    Hidden: other sizes, another order and a single row.
    """
    logits = distinct_logits(sizes, count)
    columns = [logits[branch - 1][:, column] for branch, column in order]
    expected = torch.stack(columns, 1)  # (count, len(order))
    try:
        found = answer(list(logits), list(order))
    except IndexError as problem:
        raise Misconception(
            "branches-count-from-one",
            f"your function looks for what is not there ({problem}); the last of {len(sizes)} "
            f"branches is branch {max(order)[0]}",
        ) from None
    expect(found, torch.Tensor, f"a tensor ({count}, {len(order)})")
    if found.shape != expected.shape:
        raise wrong_result(
            f"expected shape {tuple(expected.shape)}; you return {tuple(found.shape)}"
        )
    if not torch.equal(found, expected):
        raise why_wrong_order(found, expected, logits, order)
    if not found.requires_grad:
        raise wrong_result(
            "the columns are right, but no gradient flows through them: a loss on them would train "
            "nothing"
        )
    return f"{len(order)} columns in their places, each output once, with their gradients."


def distinct_logits(sizes: Sizes, count: int) -> list[torch.Tensor]:
    """Logits (count, size) for each branch; branch 2, column 3, row 4 is 203.4, and so on."""
    rows = torch.arange(count).view(-1, 1) / 10  # (count, 1)
    logits = []
    for branch, size in enumerate(sizes, 1):
        values = 100 * branch + torch.arange(size) + rows  # (count, size)
        logits.append(values.requires_grad_())
    return logits


def why_wrong_order(
    found: torch.Tensor,
    expected: torch.Tensor,
    logits: list[torch.Tensor],
    order: tuple[tuple[int, int], ...],
) -> Misconception:
    """Return the Misconception behind wrong columns in `found` (count, len(order))."""
    wrong = []
    for k in range(len(order)):
        if not torch.equal(found[:, k], expected[:, k]):
            wrong.append(k)
    k = wrong[0]
    branch, column = order[k]
    observed = (
        f"{len(wrong)} of {len(order)} columns stand in a wrong place: column {k} should be "
        f"branch {branch}, column {column}, and is {column_in_words(found[:, k], logits)}"
    )
    side_by_side = torch.cat(logits, 1)
    if torch.equal(found, side_by_side):
        return Misconception("columns-not-reordered", observed)
    sizes = [tensor.shape[1] for tensor in logits]
    targets = [sum(sizes[: branch - 1]) + column for branch, column in order]
    inverted = side_by_side[:, torch.tensor(targets).argsort()]
    if torch.equal(found, inverted):
        return Misconception("order-inverted", observed)
    return wrong_result(observed)


def column_in_words(values: torch.Tensor, logits: list[torch.Tensor]) -> str:
    """Say which output these values (count,) are, or what number they begin with."""
    for branch, tensor in enumerate(logits, 1):
        for column in range(tensor.shape[1]):
            if torch.equal(values, tensor[:, column]):
                return f"branch {branch}, column {column}"
    return f"{values[0].item():g}"


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
    for into, origin in cases:
        expect_keys_not_kept(answer, into, origin, sizes)
    return f"strict loading raised nothing in {len(cases)} cases, and you found what was lost."


def expect_keys_not_kept(answer: Callable, into: str, origin: str, sizes: Sizes) -> None:
    """Raise Misconception unless the answer loads the state and names the keys that were lost."""
    model = model_with_branches(into, sizes)
    source = model_with_branches(origin, sizes, seed=1)
    if origin == "copied":
        for i, branch in enumerate(source.branches):
            as_if_trained(branch, seed=2 + i)  # so that all five branches differ
    state = comparisons.snapshot(source.state_dict().items())
    before = comparisons.snapshot(model.state_dict().items())
    twin = model_with_branches(into, sizes)
    twin.load_state_dict(state)
    loaded = twin.state_dict()
    expected = keys_that_differ(loaded, state)
    found = answer(model, dict(state))
    where = f"the state of {origin} branches in a model with {into} ones"
    expect_something(found, f"not_kept for {where}")
    for key, tensor in model.state_dict().items():
        if not torch.equal(tensor, loaded[key]):
            raise wrong_result(f"{where}: the state has not been loaded into the model")
    try:
        keys = set(found)
    except TypeError:
        raise wrong_result(f"expected keys; you return {type(found).__name__}") from None
    if keys == expected:
        return
    observed = (
        f"{where}: you name {len(keys)} of {len(state)} keys; {len(expected)} do not hold what the "
        "state holds"
    )
    if not keys:
        raise Misconception("strict-is-no-proof", f"{observed}, such as {min(expected)}")
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    if keys == expected & parameters:
        raise Misconception("parameters-only", f"{observed}, such as {min(expected - keys)}")
    branches = branches_in(keys)
    if expected and len(branches) == len(sizes) - 1 and "0" not in branches:
        raise Misconception(
            "last-one-wins",
            f"{observed}. All of branches.{len(sizes) - 1} is as in the state, branches.0 is not",
        )
    if keys == keys_that_differ(before, state):
        observed += ". What you compare was noted before the loading"
    raise wrong_result(observed)


def keys_that_differ(tensors: dict[str, torch.Tensor], state: dict[str, torch.Tensor]) -> set[str]:
    """Return the keys of `tensors` whose values are not, to the bit, those in `state`."""
    return {key for key, tensor in tensors.items() if not torch.equal(tensor, state[key])}


def branches_in(keys: set) -> set[str]:
    """Return the branches, "0" for branches.0, to which these keys belong."""
    branches = set()
    for key in keys:
        if isinstance(key, str) and key.startswith("branches."):
            branches.add(key.split(".")[1])
    return branches


# ---- Exercise 8: untie them ---------------------------------------------------------------------


@check
def untie(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "one object", "assigned"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 8: make the branches of a model independent, without changing its logits.

    `kinds` are ways in which the branches share, as in BRANCH_KINDS. Hidden: shared buffers,
    branches that are independent already, and other sizes of the heads.
    """
    for kind in kinds:
        expect_untied(answer, kind, sizes)
    return (
        "no two branches share memory any more, and all logits are what they were "
        f"({', '.join(kinds)})."
    )


def expect_untied(answer: Callable, kind: str, sizes: Sizes) -> None:
    """Raise Misconception unless the answer unties a model whose branches share in this way."""
    model = model_with_branches(kind, sizes)
    images = varied_images()
    with torch.no_grad():
        expected = model(images)
    before = comparisons.snapshot(named_tensors(model))
    # these references keep the old memory in use, so that no new tensor gets the same address
    old_tensors = [p.detach() for p in model.branches[0].parameters()]
    found = answer(model)
    expect(found, nn.Module, "the model")
    branches = list(getattr(found, "branches", ()))
    if len(branches) != len(sizes):
        raise wrong_result(
            f"{kind}: expected a model with {len(sizes)} in model.branches; yours has "
            f"{len(branches)}"
        )
    moved = comparisons.moved_since(found, before)
    try:
        expect_independent(branches, None, f"{kind}: ")
    except Misconception as tied:
        raise why_still_tied(tied, kind, found, before, moved, old_tensors) from None
    with torch.no_grad():
        logits = found.eval()(images)
    gaps = []
    for now, then in zip(logits, expected, strict=True):
        gaps.append((now - then).abs().max().item())
    if not all(gap <= 1e-4 for gap in gaps):
        raise Misconception(
            "pretrained-discarded",
            f"{kind}: the branches are independent, but the logits are off by up to "
            f"{max(gaps):.2g}",
        )


def why_still_tied(
    tied: Misconception,
    kind: str,
    model: nn.Module,
    before: dict[str, torch.Tensor],
    moved: list[str],
    old_tensors: list[torch.Tensor],
) -> Misconception:
    """Return the Misconception behind branches that still share memory after the answer.

    `tied` is what `expect_independent` found. `old_tensors` are the parameters of branch 1 as they
    were before.
    """
    first, second = list(model.branches)[:2]
    count = len(shared_names(first, second))
    observed = f"{kind}: {count} tensors of branch 1 still belong to branch 2 too"
    moved = [name for name in moved if name.startswith("branches.")]
    if moved:
        tensors = dict(named_tensors(model))
        distance = (tensors[moved[0]] - before[moved[0]]).abs().max()
        return Misconception(
            "will-diverge",
            f"{observed}. {moved[0]} moved by {distance:.2g}, and in both alike",
        )
    old_places = {address(tensor) for tensor in old_tensors}
    new_places = {address(p) for p in first.parameters()}
    if old_places.isdisjoint(new_places):
        return Misconception(
            "copy-keeps-sharing", f"{observed}. They lie in new memory, and together again"
        )
    return tied
