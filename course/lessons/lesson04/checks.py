"""The checks of lesson 04, shared or copied: one for each exercise."""

import copy
from collections.abc import Callable, Iterable

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
from course.checking.values import all_near, described, near, number, whole_number
from course.lessons.lesson04.fixtures import (
    CLINICAL_ORDER,
    SIZES,
    Tied,
    block_and_features,
    differing_state,
    model_with_branches,
    pairs_of_modules,
    small_densenet,
    varied_images,
    with_branches,
)
from course.lessons.lesson04.sharing import (
    address,
    expect_independent,
    full_state,
    leaf_conditions,
    leaves,
    named_tensors,
    shared_names,
    why_values_differ,
)
from course.lessons.lesson04.whole_model import (
    expect_linear_heads,
    expect_one_batch_counted,
    expect_parts,
    expect_registered,
    expect_same_logits,
    logits_of,
)

Sizes = tuple[int, ...]
Order = tuple[tuple[int, int], ...]
State = dict[str, torch.Tensor]


def names_in(found: object, call: str, example: str) -> set[str]:
    """Return the names that an answer returned, in whatever holds them.

    Raises Misconception for anything else. `call` is the answer's call, `example` a name.
    """
    expect_something(found, call)
    expected = f"{call}: expected a list or set of names, such as {example!r}"
    if isinstance(found, str | torch.Tensor) or not isinstance(found, Iterable):
        raise wrong_result(f"{expected}; got {described(found)}")
    names = list(found)
    for name in names:
        if not isinstance(name, str):
            raise wrong_result(f"{expected}; it holds {described(name)}")
    return set(names)


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


def expect_shared_names(answer: Callable, what: str, a: nn.Module, b: nn.Module) -> None:
    """Raise Misconception unless the answer names what `a` shares with `b`, and changes neither.

    `what` is the pair in words.
    """
    expected = set(shared_names(a, b))
    before = [(module, full_state(module), comparisons.condition(module)) for module in (a, b)]
    found = names_in(answer(a, b), f"shared_tensors for {what}", "norm5.weight")
    for module, state, condition in before:
        expect_as_it_was(module, state, condition, what)
    observed = f"{what}: expected {counted(expected)}; got {counted(found)}"
    extra = sorted(found - expected)
    if extra:
        raise why_too_many(a, b, found, extra[0], observed)
    missing = sorted(expected - found)
    if not missing:
        return
    observed += f"; {missing[0]} is missing"
    state = a.state_dict()
    named = {address(state[name]) for name in found}
    if found and {address(state[name]) for name in missing} <= named:
        observed += ". You name each tensor once, but a.state_dict() has some under several names"
    buffers = {name for name, _ in a.named_buffers()}
    if set(missing) == buffers & expected != expected:
        raise Misconception("buffers-left-out", observed)
    if not found and what.startswith("two slices"):
        raise Misconception(
            "slice-shares-children",
            f"{observed}. The slices are two objects, and state_dict() returns new tensor objects",
        )
    if not found and "assign" in what:
        raise Misconception("identity-is-not-memory", observed)
    raise wrong_result(observed)


def counted(names: set[str]) -> str:
    """Return in words how many names these are."""
    return "1 name" if len(names) == 1 else f"{len(names)} names"


def why_too_many(
    a: nn.Module, b: nn.Module, found: set[str], extra: str, observed: str
) -> Misconception:
    """Return the Misconception behind names, `extra` is one, of tensors that are not shared."""
    of_a, of_b = dict(named_tensors(a)), dict(named_tensors(b))
    if extra not in of_a:
        return wrong_result(f"{observed}; `a` has no parameter or buffer {extra!r}")
    observed += f"; {extra} does not share memory"
    same_name = of_a.keys() & of_b.keys()
    same_values = {name for name in same_name if comparisons.same(of_a[name], of_b[name])}
    if found in (same_name, same_values):
        return Misconception("equal-is-not-shared", observed)
    return wrong_result(observed)


def expect_as_it_was(module: nn.Module, state: State, condition: dict, what: str) -> None:
    """Raise Misconception unless a module's tensors and condition are as they were."""
    moved = comparisons.moved_since(module, state)
    if moved:
        raise wrong_result(f"{what}: your function has changed {first_and_more(moved)} of a module")
    changed = comparisons.differences(condition, comparisons.condition(module))
    if changed:
        raise wrong_result(f"{what}: your function has changed a module: {changed[0]}")


# ---- Exercise 2: count what is stored -----------------------------------------------------------


@check
def stored_numbers(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "equal", "assigned", "tied", "frozen", "float64"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 2: how many numbers do the parameters of a model hold in memory?

    `kinds` are ways in which the branches share, as in BRANCH_KINDS, or models of other kinds.
    Hidden: three other kinds, and other sizes of the heads.
    """
    said = []
    for kind in kinds:
        model = model_to_count(kind, sizes)
        expected = stored_in(model.named_parameters(remove_duplicate=False))
        state, condition = full_state(model), comparisons.condition(model)
        call = f"stored_numbers for {MODELS_IN_WORDS.get(kind) or with_branches(kind)}"
        found = answer(model)
        expect_something(found, call)
        count = whole_number(found, f"a whole number from {call}")
        expect_as_it_was(model, state, condition, call)
        if count != expected:
            raise why_wrong_count(
                model, kind, count, f"{call}: expected {expected:,}; got {count:,}"
            )
        said.append(f"{kind} {expected:,}")
    return f"numbers in memory, each counted once: {', '.join(said)}."


MODELS_IN_WORDS = {
    "equal": "a model with copied branches of equal values",
    "tied": "a model with two parameters in one memory, one of them transposed",
    "frozen": "a model with a frozen trunk",
    "float64": "a model in float64",
}


def model_to_count(kind: str, sizes: Sizes) -> nn.Module:
    """A model for Exercise 2: one of BRANCH_KINDS, or a kind that MODELS_IN_WORDS explains."""
    if kind == "tied":
        return Tied()
    if kind == "equal":
        model = model_with_branches("copied", sizes)
        for branch in model.branches:
            branch.load_state_dict(model.branches[0].state_dict())
        return model
    if kind == "frozen":
        model = model_with_branches("sliced", sizes)
        model.trunk.requires_grad_(False)
        return model
    if kind == "float64":
        return model_with_branches("sliced", sizes).double()
    return model_with_branches(kind, sizes)


def stored_in(named: Iterable[tuple[str, torch.Tensor]]) -> int:
    """Return how many numbers named tensors hold in memory; each memory counts once."""
    return sum({address(tensor): tensor.numel() for _, tensor in named}.values())


def why_wrong_count(model: nn.Module, kind: str, found: int, observed: str) -> Misconception:
    """Return the Misconception behind a wrong count of a model's numbers."""
    state = model.state_dict()
    objects = list(model.parameters())  # each object once
    of_names = [p for _, p in model.named_parameters(remove_duplicate=False)]  # once for each name
    from_state = comparisons.numbers_in(state.values())
    from_names = comparisons.numbers_in(of_names)
    from_objects = comparisons.numbers_in(objects)
    from_values = sum({comparisons.fingerprint(p): p.numel() for p in of_names}.values())
    if found in (from_state, from_names) and from_names != from_objects:
        return Misconception(
            "counted-from-state-dict",
            f"{observed}. The state_dict has {len(state):,} entries: it repeats shared tensors, "
            "and it has the buffers",
        )
    if found == from_objects:
        return Misconception(
            "identity-is-not-memory",
            f"{observed}. {len(objects)} different parameter objects; some use the same memory",
        )
    if found == from_values:
        return Misconception(
            "equal-is-not-shared", f"{observed}. Parameters with equal values are stored separately"
        )
    if found in (len(of_names), len(objects)):
        return Misconception("tensors-not-numbers", observed)
    trainable = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if found == stored_in(trainable):
        return wrong_result(f"{observed}, which leaves out the frozen parameters")
    if found == stored_in(named_tensors(model)):
        return wrong_result(f"{observed}, which counts the buffers too")
    return wrong_result(observed)


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


def expect_branches(answer: Callable, name: str, n: int) -> None:
    """Raise Misconception unless the answer makes n independent branches like the named block."""
    block, features = block_and_features(name)
    expected = eval_output(block, features)
    twin = copy.deepcopy(block)
    state, condition = full_state(block), comparisons.condition(block)
    where = f"independent({name} block, {n})"
    found = answer(block, n)
    if isinstance(found, list | tuple | dict):
        raise Misconception(
            "heads-not-registered",
            f"{where}: expected an nn.ModuleList; got a {type(found).__name__}, which hides its "
            "modules from the model's parameters()",
        )
    expect(found, nn.ModuleList, f"an nn.ModuleList of {n} branches")
    branches = list(vars(found)["_modules"].values())
    if len(branches) != n:
        raise wrong_result(f"{where}: expected {n} branches; got {len(branches)}")
    expect_independent(branches, block, f"{where}: ")
    expect_as_it_was(block, state, condition, where)
    for i, branch in enumerate(branches, 1):
        expect_full_copy(branch, twin, f"{where}: branch {i}")
        output = eval_output(branch, features)
        if not all_near(output, expected, 1e-5, 1e-5):
            raise wrong_result(f"{where}: branch {i} computes other features than the block")


def eval_output(module: nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Return what a copy of the module gives in eval mode, without gradients."""
    with torch.no_grad():
        return copy.deepcopy(module).eval()(features)


def expect_full_copy(branch: nn.Module, block: nn.Module, where: str) -> None:
    """Raise Misconception unless a branch has the values and the condition of the block.

    Its tensors are compared in order, because a copy may give them other names.
    """
    for of_branch, of_block in (
        (list(branch.named_parameters()), list(block.named_parameters())),
        (list(branch.named_buffers()), list(block.named_buffers())),
    ):
        if len(of_branch) != len(of_block):
            raise wrong_result(
                f"{where}: expected {len(of_block)} parameters or buffers, as the block has; got "
                f"{len(of_branch)}"
            )
        for (name, tensor), (_, trained) in zip(of_branch, of_block, strict=True):
            problem = why_values_differ(f"{where}: {name}", tensor, trained)
            if problem:
                raise problem
            if tensor.requires_grad != trained.requires_grad:
                raise wrong_result(
                    f"{where}: expected requires_grad {trained.requires_grad} for {name}, as in "
                    f"the block; got {tensor.requires_grad}"
                )
    same_names = [name for name, _ in branch.named_modules()] == [
        name for name, _ in block.named_modules()
    ]
    changed = comparisons.differences(comparisons.condition(block), comparisons.condition(branch))
    if same_names and changed:
        raise wrong_result(f"{where}: expected a full copy; in the copy {changed[0]}")
    made, given = leaf_conditions(branch), leaf_conditions(block)
    if len(made) != len(given):
        raise wrong_result(f"{where}: expected {len(given)} layers; got {len(made)}")
    for (name, now), (_, then) in zip(made, given, strict=True):
        changed = comparisons.differences(then, now)
        if changed:
            what = changed[0].replace("model.", "")
            raise wrong_result(f"{where}: layer {name or 'itself'}: {what} in the copy")


# ---- Exercise 4: the whole model ----------------------------------------------------------------


@check
def five_targets(
    answer: Callable, sizes: Sizes = (1, 4, 2, 4, 3), growth: int = 4, blocks: Sizes = (2, 2, 2, 2)
) -> str:
    """Exercise 4: build a model of one trunk, and for each target a branch and a head of its own.

    The graph that autograd records tells which parameters a target uses. `growth` and `blocks`
    describe the DenseNet. Hidden: other numbers of targets, outputs, channels and layers.
    """
    net = small_densenet(growth, blocks)
    images = varied_images(40, side=64)
    model = answer(lambda: small_densenet(growth, blocks), list(sizes))
    expect(model, nn.Module, "an nn.Module from five_targets(make, sizes)")
    model.eval()
    first = logits_of(model, images, sizes)
    before = full_state(model)
    second = logits_of(model, images, sizes)
    used = [leaves(logits) for logits in first]
    used_again = [leaves(logits) for logits in second]
    expect_registered(model, used, used_again)
    expect_same_logits(model, before, first, second)
    parts = expect_parts(model, net, used, sizes, first)
    batches = [images, varied_images(8, side=96, seed=2), images[:1]]
    expect_linear_heads(model, net, parts, batches, sizes)
    expect_one_batch_counted(model, images)
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
        "that is the share after one call less": 1 - (1 - momentum) ** (branches - 1),
        "that is the share after one call more": 1 - (1 - momentum) ** (branches + 1),
    }
    for thought, value in thoughts.items():
        if near(share, value):
            return wrong_result(f"{observed} ({thought})")
    if share in [round(right, digits) for digits in range(5)]:
        return wrong_result(f"{observed} (yours is rounded)")
    return wrong_result(observed)


# ---- Exercise 6: put the columns in order -------------------------------------------------------

# Here an answer that counts branches from 0 raises no error: branch 3 is there, and not asked for.
TWO_OF_THREE = ((2, 2, 2), ((2, 1), (1, 0), (2, 0), (1, 1)), 3)


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
    Hidden: other sizes and orders, a single row, a single column.
    """
    for sizes, order, count in cases:
        expect_columns(answer, sizes, order, count)
    widths = ", ".join(str(len(order)) for _, order, _ in cases)
    return f"{widths} columns in their places, with their gradients."


def expect_columns(answer: Callable, sizes: Sizes, order: Order, count: int) -> None:
    """Raise Misconception unless the answer puts the columns in order and lets gradients through.

    `count` is the number of rows.
    """
    logits = distinct_logits(sizes, count)
    expected = torch.stack([logits[branch - 1][:, column] for branch, column in order], 1)
    rows = "1 row" if count == 1 else f"{count} rows"
    columns = "1 column" if len(order) == 1 else f"{len(order)} columns"
    where = f"in_order for sizes {list(sizes)}, {columns} and {rows}"
    found = answer(list(logits), list(order))
    expect_something(found, where)
    expect(found, torch.Tensor, f"a tensor ({count}, {len(order)})")
    if not all_near(found, expected, 1e-3):
        raise why_wrong_order(found, expected, logits, order, where)
    if not found.requires_grad:
        raise Misconception(
            "columns-detached", f"{where}: the values are right, but requires_grad is False"
        )
    # another factor for each element, so that each gradient shows where it comes from
    factors = torch.arange(1.0, found.numel() + 1).view(found.shape)
    gradients = torch.autograd.grad(
        found, logits, factors.to(found.dtype), allow_unused=True, retain_graph=True
    )
    correct = torch.autograd.grad(expected, logits, factors, allow_unused=True)
    for i, (gradient, right) in enumerate(zip(gradients, correct, strict=True), 1):
        wanted = torch.zeros(count, sizes[i - 1]) if right is None else right
        got = torch.zeros(count, sizes[i - 1]) if gradient is None else gradient
        if not all_near(got, wanted, 1e-3):
            column = int((got - wanted).abs().sum(0).argmax())
            raise Misconception(
                "columns-detached",
                f"{where}: the values are right, but the gradient of branch {i}, column {column} "
                f"is {got[0, column]:g}; expected {wanted[0, column]:g}",
            )


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
    order: Order,
    where: str,
) -> Misconception:
    """Return the Misconception behind wrong columns; expected are (count, len(order))."""
    side_by_side = torch.cat(logits, 1)
    if found.shape != expected.shape:
        observed = f"{where}: expected shape {tuple(expected.shape)}; got {tuple(found.shape)}"
        if all_near(found, side_by_side, 1e-3):
            return Misconception("columns-not-reordered", observed)
        if all_near(found.T, expected, 1e-3):
            observed += ": each entry of `order` has become a row"
        return wrong_result(observed)
    wrong = [k for k in range(len(order)) if not all_near(found[:, k], expected[:, k], 1e-3)]
    k = wrong[0]
    branch, column = order[k]
    observed = (
        f"{where}: {len(wrong)} columns are wrong; expected branch {branch}, column {column} as "
        f"column {k}; got {column_in_words(found[:, k], logits)}"
    )
    thoughts = {
        "columns-not-reordered": sorted(order),
        "order-inverted": inverted(order),
        "branches-count-from-one": [(branch + 1, column) for branch, column in order],
        "columns-count-from-zero": [
            (branch, (column - 1) % logits[branch - 1].shape[1]) for branch, column in order
        ],
    }
    for code, other_order in thoughts.items():
        if other_order and all_near(found, columns_in(other_order, logits), 1e-3):
            return Misconception(code, observed)
    return wrong_result(observed)


def columns_in(order: Iterable[tuple[int, int]], logits: list[torch.Tensor]) -> torch.Tensor:
    """Return the columns (count, len(order)) that these pairs (branch, column) name.

    A column that does not exist is all NaN.
    """
    columns = []
    for branch, column in order:
        exists = branch <= len(logits) and column < logits[branch - 1].shape[1]
        columns.append(
            logits[branch - 1][:, column] if exists else torch.full((len(logits[0]),), torch.nan)
        )
    return torch.stack(columns, 1)


def inverted(order: Order) -> list[tuple[int, int]]:
    """Return the order that an answer follows which takes order[k] as where output k goes.

    The list is empty where the order leaves outputs out or repeats one.
    """
    outputs = sorted(set(order))
    if len(outputs) != len(order):
        return []
    result = [(0, 0)] * len(order)
    for k, pair in enumerate(order):
        result[outputs.index(pair)] = outputs[k]
    return result


def column_in_words(values: torch.Tensor, logits: list[torch.Tensor]) -> str:
    """Say which output these values (count,) are, or what number they begin with."""
    for branch, tensor in enumerate(logits, 1):
        for column in range(tensor.shape[1]):
            if all_near(values, tensor[:, column], 1e-3):
                return f"branch {branch}, column {column}"
    return f"{values[0].item():g} in the first row"


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


def expect_keys_not_kept(answer: Callable, into: str, origin: str, sizes: Sizes) -> int:
    """Return how many keys the answer has found to be lost.

    Raises Misconception unless it loads the state, and names the keys under which the model then
    holds other values. How it loads is up to the answer: with assign=True nothing is lost.
    """
    model = model_with_branches(into, sizes)
    source = model_with_branches(origin, sizes, seed=1)
    state = differing_state(source) if origin == "copied" else full_state(source)
    state = {name: state[name] for name in source.state_dict()}
    before = full_state(model)
    where = f"the state of {with_branches(origin)}, loaded into {with_branches(into)}"
    keys = names_in(answer(model, dict(state)), f"not_kept for {where}", "trunk.norm0.weight")
    loaded = dict(named_tensors(model))
    expect_loaded(loaded, state, where)
    expected = keys_that_differ(loaded, state)
    if keys == expected:
        return len(keys)
    observed = f"{where}: expected {len(expected)} of {len(state)} keys; got {len(keys)}"
    extra, missing = sorted(keys - expected), sorted(expected - keys)
    if missing:
        observed += f". {missing[0]} is missing: the model holds other values than the state"
    else:
        observed += f". {extra[0]} is wrong: the model holds the values of the state"
    raise why_wrong_keys(keys, expected, model, loaded, before, state, observed)


def expect_loaded(loaded: State, state: State, where: str) -> None:
    """Raise Misconception unless all memory of the model holds what `state` has for it.

    Of several keys that use one memory, any one may have been written last.
    """
    if loaded.keys() != state.keys():
        raise wrong_result(f"{where}: the model has other keys after the call than before")
    keys_of: dict[int, list[str]] = {}
    for key, tensor in loaded.items():
        keys_of.setdefault(address(tensor), []).append(key)
    for keys in keys_of.values():
        if not any(comparisons.same(loaded[keys[0]], state[key]) for key in keys):
            raise wrong_result(
                f"{where}: expected that your function loads the state; the model's {keys[0]} "
                "does not hold what the state has for it"
            )


def why_wrong_keys(
    keys: set[str],
    expected: set[str],
    model: nn.Module,
    loaded: State,
    before: State,
    state: State,
    observed: str,
) -> Misconception:
    """Return the Misconception behind wrong keys. `before` is what the model held."""
    if not keys:
        return Misconception("strict-is-no-proof", observed)
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    if keys == expected & parameters:
        return Misconception("buffers-left-out", observed)
    first_of: dict[int, str] = {}  # the first key of each memory
    for key, tensor in loaded.items():
        first_of.setdefault(address(tensor), key)
    unlike_first = set()
    for key, tensor in loaded.items():
        if not comparisons.same(state[key], state[first_of[address(tensor)]]):
            unlike_first.add(key)
    if keys == unlike_first:
        return Misconception("last-one-wins", observed)
    if keys == keys_that_differ(before, state):
        return wrong_result(f"{observed}. You compare with what the model held before the loading")
    return wrong_result(observed)


def keys_that_differ(tensors: State, state: State) -> set[str]:
    """Return the keys of `tensors` whose values are not, to the bit, those in `state`."""
    return {key for key, tensor in tensors.items() if not comparisons.same(tensor, state[key])}


# ---- Exercise 8: untie them ---------------------------------------------------------------------


@check
def untie(
    answer: Callable,
    kinds: tuple[str, ...] = ("sliced", "one object", "assigned", "one tensor"),
    sizes: Sizes = SIZES,
) -> str:
    """Exercise 8: make the branches of a model independent, and change nothing else.

    `kinds` are ways in which the branches share, as in BRANCH_KINDS. Hidden: shared buffers,
    branches that are independent already, and other sizes of the heads.
    """
    for number_of_kind, kind in enumerate(kinds):
        expect_untied(answer, kind, sizes, train=number_of_kind % 2 == 1)
    return (
        "no two branches share memory any more, and values, modes, requires_grad and logits are "
        f"as they were ({', '.join(kinds)})."
    )


def expect_untied(answer: Callable, kind: str, sizes: Sizes, train: bool) -> None:
    """Raise Misconception unless the answer unties a model whose branches share in this way.

    With `train` the model is in train mode, apart from its trunk, which is frozen too.
    """
    model = model_with_branches(kind, sizes)
    model.branches[0].norm5.bias.requires_grad_(False)
    if train:
        model.train()
        model.trunk.requires_grad_(False).eval()
    images = varied_images()
    expected = eval_logits(model, images)
    before = full_state(model)
    conditions = conditions_of_parts(model)
    # these references keep the old memory in use, so that no new tensor gets the same address
    old_tensors = [tensor.detach() for _, tensor in named_tensors(model.branches[0])]
    found = answer(model)
    expect(found, nn.Module, "the model from untie(model)")
    where = f"{with_branches(kind)}: "
    kept = getattr(found, "branches", None)
    if not isinstance(kept, nn.ModuleList):
        raise wrong_result(
            f"{where}expected an nn.ModuleList as model.branches of what you return; got "
            f"{type(kept).__name__}"
        )
    branches = list(kept)
    if len(branches) != len(sizes):
        raise wrong_result(f"{where}expected {len(sizes)} branches; got {len(branches)}")
    moved = comparisons.moved_since(found, before)
    try:
        expect_independent(branches, None, where)
    except Misconception as tied:
        raise why_still_tied(tied, where, found, before, moved, old_tensors) from None
    if found is not model:
        raise wrong_result(f"{where}expected the same model object back; got another one")
    now = dict(named_tensors(found))
    for name in moved:
        if name not in now:
            raise wrong_result(f"{where}expected the keys as before; {name} is gone")
        problem = why_values_differ(f"{where}{name}", now[name], before[name])
        if problem:
            raise problem
    changed = comparisons.differences(conditions, conditions_of_parts(found))
    if changed:
        raise wrong_result(f"{where}expected that nothing else changes; {changed[0]}")
    for i, (got, then) in enumerate(zip(eval_logits(found, images), expected, strict=True), 1):
        if not all_near(got, then, 1e-5, 1e-5):
            raise wrong_result(f"{where}the logits of target {i} are not what they were")


def eval_logits(model: nn.Module, images: torch.Tensor) -> list[torch.Tensor]:
    """Return the logits of a copy of the model in eval mode, without gradients."""
    with torch.no_grad():
        return copy.deepcopy(model).eval()(images)


def conditions_of_parts(model: nn.Module) -> dict:
    """Return the condition of each part of a model; shared parts count under each of their names.

    Only the container of the branches is left out, because a new one may take its place.
    """
    parts = {"model.trunk": model.trunk, "model.heads": model.heads}
    parts.update({f"model.branches.{i}": branch for i, branch in enumerate(model.branches)})
    found = {"model.training": model.training}
    for part, module in parts.items():
        for what, value in comparisons.condition(module).items():
            found[f"{part}: {what.removeprefix('model.')}"] = value
    return found


def why_still_tied(
    tied: Misconception,
    where: str,
    model: nn.Module,
    before: State,
    moved: list[str],
    old_tensors: list[torch.Tensor],
) -> Misconception:
    """Return the Misconception behind branches that still share memory after the answer.

    `tied` is what `expect_independent` found. `old_tensors` are those of branch 1 before the call.
    """
    tensors = dict(named_tensors(model))
    moved = [name for name in moved if name.startswith("branches.") and name in tensors]
    if moved:
        distance = (tensors[moved[0]].double() - before[moved[0]].double()).abs().max()
        return Misconception(
            "will-diverge",
            f"{tied.observed}. {moved[0]} has changed by {distance:.2g}, in all that share it",
        )
    old_places = {address(tensor) for tensor in old_tensors}
    first, *others = model.branches
    for branch in others:
        shared = set(shared_names(first, branch))
        new_places = set()
        for name, tensor in named_tensors(first):
            if name in shared and tensor.is_floating_point():  # .double() leaves the counters alone
                new_places.add(address(tensor))
        if new_places and old_places.isdisjoint(new_places):
            return Misconception(
                "copy-keeps-sharing", f"{tied.observed}. They are in new memory, together again"
            )
    return tied
