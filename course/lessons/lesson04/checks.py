"""Lesson 04, shared or copied: what its exercises ask."""

import copy
from collections import OrderedDict

import torch
from torch import nn

from course.checking import comparisons, networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, wrong_result
from course.lessons.lesson04.fixtures import (
    SIZES,
    address,
    assigned_from_one_dict,
    first_of,
    judge_independence,
    leaves,
    named,
    narrow,
    pictures,
    pooled,
    seasoned,
    shared,
    sharing,
    targets,
    why_shared,
)


def pairs(growth):
    """(what, a, b) for Exercise 1: two modules that share everything, something or nothing."""
    net = narrow(growth)
    block = net.features[-2:]
    yield "two slices of one DenseNet", net.features[-2:], net.features[-2:]
    yield "a block and its deepcopy", block, sharing(block, "nothing")
    yield "a whole DenseNet and a slice of it", net, block
    yield "two blocks that share their buffers", block, sharing(block, "buffers")
    yield "two blocks that share their parameters", block, sharing(block, "parameters")
    yield "two copies loaded with assign=True from one dict", *assigned_from_one_dict(block, 2)


@check
def shared_tensors(answer, growth=4):
    for what, a, b in pairs(growth):
        found, expected = answer(a, b), shared(a, b)
        if found is None:
            raise Misconception("nothing-returned", f"shared_tensors gave None for {what}")
        if not isinstance(found, list | tuple | set | dict) or not all(
            isinstance(name, str) for name in found
        ):
            raise wrong_result(
                f"asked are names, such as {'norm5.weight'!r}; you return {found!r:.60}"
            )
        missing, others = (
            [name for name in expected if name not in found],
            [name for name in found if name not in expected],
        )
        observed = f"{what}: you name {len(set(found))} tensors; {len(expected)} share memory"
        if others:
            equal = others[0] in dict(named(a))
            raise Misconception(
                "equal-is-not-shared" if equal else "wrong-result",
                f"{observed}, and {others[0]} is not among them",
            )
        if missing:
            buffers = {name for name, _ in a.named_buffers()}
            code = "wrong-result"
            if set(missing) == buffers & set(expected):
                code = "parameters-only"
            elif not found and what.startswith("two slices"):
                code = "slice-shares-children"
            elif "assign" in what:
                code = "identity-is-not-memory"
            also = (
                ". A slice is a new object, and so is each tensor that state_dict() hands out"
                if code == "slice-shares-children"
                else ""
            )
            raise Misconception(code, f"{observed}, such as {missing[0]}{also}")
    return "shared memory found in slices, parts, buffers, parameters and loaded copies, and none in a deepcopy."


@check
def stored_numbers(answer, kinds=("sliced", "copied", "assigned"), sizes=SIZES):
    said = []
    for kind in kinds:
        model = targets(kind, sizes)
        found = answer(model)
        expect_something(found, f"stored_numbers({kind})")
        parameters = list(model.named_parameters(remove_duplicate=False))
        expected = sum({address(p): p.numel() for _, p in parameters}.values())
        if found != expected:
            what = f"a model with {kind} branches: you say {found!r:.20}; its parameters hold {expected:,} numbers in memory"
            everywhere = sum(tensor.numel() for tensor in model.state_dict().values())
            values = sum({comparisons.fingerprint(p): p.numel() for _, p in parameters}.values())
            if found in (everywhere, sum(p.numel() for _, p in parameters)) and kind != "assigned":
                raise Misconception(
                    "counted-from-state-dict",
                    f"{what}. Its state_dict names {len(model.state_dict()):,} tensors, some of "
                    "them several times, and buffers too",
                )
            if found == sum(p.numel() for p in model.parameters()):
                objects = len(list(model.parameters()))
                raise Misconception(
                    "identity-is-not-memory",
                    f"{what}. Its {objects} parameters are different objects",
                )
            if found == values:
                raise Misconception(
                    "equal-is-not-shared",
                    f"{what}. Branches with equal values are stored all the same",
                )
            code = (
                "tensors-not-numbers"
                if found in (len(parameters), len(list(model.parameters())))
                else "wrong-result"
            )
            raise Misconception(code, what)
        said.append(f"{kind} {expected:,}")
    return f"numbers in memory, each counted once: {', '.join(said)}."


def block_of(name):
    """A trained block for Exercise 3, and features that fit it."""
    r = torch.Generator().manual_seed(5)
    if name == "narrow":
        return narrow().features[-2:], torch.randn(3, 8, 4, 4, generator=r)
    if name == "shufflenet":
        return seasoned(networks.build("shufflenet_v2_x0_5").stage4), torch.randn(
            2, 96, 4, 4, generator=r
        )
    small = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), act=nn.ReLU())
    )
    return seasoned(small), torch.randn(3, 3, 8, 8, generator=r)


@check
def independent(answer, names=("narrow", "small"), n=5):
    for name in names:
        block, features = block_of(name)
        with torch.no_grad():
            expected = copy.deepcopy(block)(features)
        found = answer(block, n)
        if isinstance(found, list | tuple | dict):
            what = f"you return a {type(found).__name__}; as part of a model it would add no parameter to it"
            raise Misconception("heads-not-registered", what)
        expect(found, nn.Module, f"an nn.ModuleList of {n} branches")
        branches = list(vars(found)["_modules"].values())
        if len(branches) != n:
            raise wrong_result(f"asked are {n} branches; yours has {len(branches)}")
        judge_independence(branches, block, f"{name}: ")
        for i, branch in enumerate(branches, 1):
            with torch.no_grad():
                gap = (branch.eval()(features) - expected).abs().max().item()
            if gap > 1e-4:
                trained = dict(named(block))
                lost = next(
                    (
                        key
                        for key, tensor in named(branch)
                        if not torch.equal(tensor, trained.get(key, tensor))
                    ),
                    "its weights",
                )
                what = f"{name}: branch {i} gives other features than the block, off by up to {gap:.2g}"
                raise Misconception(
                    "pretrained-discarded", f"{what}; {lost} no longer holds what the block's holds"
                )
            stuck = [key for key, p in branch.named_parameters() if not p.requires_grad]
            if stuck:
                raise wrong_result(
                    f"{name}: {first_of(stuck)} of branch {i} cannot be trained: requires_grad is False"
                )
    return (
        f"{n} branches give the block's features, and no two share a tensor ({', '.join(names)})."
    )


# ---- Exercise 4: the whole model -----------------------------------------------------------------------------------------------


@check
def five_targets(answer, sizes=SIZES, growth=4, blocks=(2, 2, 2, 2)):
    net, images = narrow(growth, blocks), pictures(40, side=64)
    model = answer(lambda: narrow(growth, blocks), list(sizes))
    expect(model, nn.Module, "the model")
    model.eval()
    first = outputs_of(model, images, sizes)
    start = comparisons.snapshot(named(model))
    again = outputs_of(model, images, sizes)
    moved = comparisons.moved_since(model, start)
    if moved:
        raise Misconception(
            "made-in-forward", f"one forward in eval mode has changed {first_of(moved)}"
        )
    if any(not torch.allclose(a, b, atol=1e-5) for a, b in zip(first, again, strict=True)):
        raise Misconception(
            "made-in-forward", "the same pictures, in eval mode, give other logits the second time"
        )
    uses = [leaves(output) for output in first]
    judge_registered(model, uses, [leaves(output) for output in again])
    judge_parts(model, net, uses)
    judge_logits(net, images, first)
    judge_batch_counts(model, images)
    total = sum(p.numel() for p in model.parameters())
    return f"one trunk, {len(sizes)} branches that share nothing, {sum(sizes)} logits; {total:,} parameters, all registered."


def outputs_of(model, images, sizes):
    """The logits as a list, whether they come in a list, a tuple or a dict; raises Misconception for other shapes."""
    try:
        outputs = model(images)
    except RuntimeError as problem:
        if "deepcopy protocol" not in str(problem):
            raise
        what = f"forward raises `{str(problem).split('.')[0]}`: what it copies is an activation"
        raise Misconception("activation-copied", what) from None
    outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
    expect(outputs, list | tuple, f"a list of {len(sizes)} tensors of logits from forward")
    shapes, asked = (
        [tuple(getattr(output, "shape", ())) for output in outputs],
        [(len(images), size) for size in sizes],
    )
    if shapes != asked:
        raise wrong_result(
            f"{len(images)} pictures give logits of shapes {shapes}; asked are {asked}"
        )
    return list(outputs)


def judge_registered(model, uses, again):
    """Whether all that the outputs hang on belongs to the model; `again` is what a second forward used."""
    registered = {address(p) for p in model.parameters()}
    for i, (now, later) in enumerate(zip(uses, again, strict=True), 1):
        outside = [p for place, p in now.items() if place not in registered]
        if not outside:
            continue
        what = f"target {i} uses {len(outside)} parameters, one of shape {tuple(outside[0].shape)}, that model.parameters() does not give"
        if all(any(p is q for q in later.values()) for p in outside):
            raise Misconception(
                "heads-not-registered",
                f"{what}. An optimizer, a state_dict and .to(device) never see them",
            )
        raise Misconception(
            "made-in-forward", f"{what}, and the next forward uses others in their place"
        )


def judge_parts(model, net, uses):
    """Whether all targets use one trunk, and each a branch of its own, with the trained weights."""
    trunk, branch = (
        {comparisons.fingerprint(p) for p in part.parameters()}
        for part in (net.features[:-2], net.features[-2:])
    )
    trunks = [
        {place for place, p in used.items() if comparisons.fingerprint(p) in trunk} for used in uses
    ]
    branches = [
        {place for place, p in used.items() if comparisons.fingerprint(p) in branch}
        for used in uses
    ]
    frozen = [path for path, p in model.named_parameters() if not p.requires_grad]
    if frozen:
        raise wrong_result(f"{first_of(frozen)} cannot be trained: requires_grad is False")
    for i, (below, own) in enumerate(zip(trunks, branches, strict=True), 1):
        if len(own) < len(branch):
            what = f"{len(branch) - len(own)} of the branch's {len(branch)} trained tensors have no part in target {i}"
            raise Misconception("pretrained-discarded", what)
        if len(below) < len(trunk):
            kept = sum(comparisons.fingerprint(p) in trunk for p in model.parameters())
            why = (
                "they are in the model, but no gradient reaches them"
                if kept >= len(trunk)
                else "they are not in the model"
            )
            code = "activation-copied" if kept >= len(trunk) else "pretrained-discarded"
            raise Misconception(
                code,
                f"target {i} does not train {len(trunk) - len(below)} of the trunk's {len(trunk)} tensors: {why}",
            )
    for i, own in enumerate(branches):
        for j in range(i):
            if own & branches[j]:
                explain_shared(model, own & branches[j], i, j)
    times = len(set.union(*trunks)) // len(trunk)
    if times > 1:
        raise Misconception(
            "trunk-copied",
            f"the trunk stands {times} times in memory; asked is one for all targets",
        )


def explain_shared(model, places, i, j):
    """Raises the Misconception behind parameters that targets i and j both train."""
    paths = [
        path for path, p in model.named_parameters(remove_duplicate=False) if address(p) in places
    ]
    place = {path: address(p) for path, p in model.named_parameters(remove_duplicate=False)}
    what = f"targets {j + 1} and {i + 1} train the same {len(places)} tensors of their branch, {paths[0]} is one"
    twins = [path for path in paths if place[path] == place[paths[0]]]
    if len(twins) == 1:
        raise Misconception("activation-copied", f"{what}. The model holds a single branch")
    a, b = (path.split(".") for path in twins[:2])
    apart = next(k for k, (left, right) in enumerate(zip(a, b, strict=False)) if left != right) + 1
    one, other = (model.get_submodule(".".join(path[:apart])) for path in (a, b))
    code = (
        "one-object-n-times" if one is other else why_shared(one, other, shared(one, other), None)
    )
    raise Misconception(code, f"{what}: {twins[1]} is another name of it")


ROUNDING = 1e-5  # ten seeds of heads x {1, 2} threads: right logits leave at most 1.8e-7, a wrong ReLU or pooling at least 3.3e-3


def judge_logits(net, images, outputs):
    """Whether the logits are a linear function of the DenseNet's pooled features: a Linear on top of what it trained."""
    with torch.no_grad():
        features = net.features(images)
    with_bias = torch.ones(len(images), 1)
    for i, output in enumerate(outputs, 1):

        def residual(inputs, output=output):
            x, y = torch.cat([inputs, with_bias], 1).double(), output.detach().double()
            return ((x @ torch.linalg.lstsq(x, y).solution - y).norm() / y.norm()).item()

        if residual(pooled(features)) > ROUNDING:
            what = (
                f"the logits of target {i} are no linear function of the DenseNet's pooled features"
            )
            if residual(features.mean((2, 3))) < ROUNDING:
                raise Misconception("relu-lost", f"{what}, but of the features before its ReLU")
            raise wrong_result(
                f"{what}: asked is ReLU, mean over height and width, then one Linear"
            )


def judge_batch_counts(model, images):
    """Whether one forward in train mode is one batch for each BatchNorm."""

    def counts():
        return {
            name: b.item()
            for name, b in model.named_buffers()
            if name.endswith("num_batches_tracked")
        }

    model.train()
    before = counts()
    with torch.no_grad():
        model(images)
    for name, count in counts().items():
        if count - before[name] > 1:
            place = address(dict(model.named_buffers())[name])
            twins = [
                path
                for path, b in model.named_buffers(remove_duplicate=False)
                if address(b) == place
            ]
            what = f"one forward has raised {name} by {count - before[name]}"
            if len(twins) > 1:
                raise Misconception(
                    "buffers-still-shared", f"{what}: it has {len(twins)} names, one is {twins[-1]}"
                )
            raise wrong_result(
                f"{what}: the trunk runs once for each target, and should run once for all"
            )


# ---- counts, columns, checkpoints ----------------------------------------------------------------------------------------------


@check
def effective_momentum(answer, cases=((0.1, 5), (0.3, 2))):
    said = []
    for momentum, branches in cases:
        bn, features = nn.BatchNorm2d(1, momentum=momentum), torch.arange(8.0).view(2, 1, 2, 2)
        for _ in range(branches):
            bn(features)
        expected = (bn.running_mean / features.mean()).item()  # it began at 0
        found = answer(momentum, branches)
        expect_something(found, f"effective_momentum({momentum}, {branches})")
        if not isinstance(found, int | float | torch.Tensor) or abs(float(found) - expected) > 1e-4:
            said_so = f"{found:.4g}" if isinstance(found, int | float) else f"{found!r:.30}"
            known = {
                "updates-counted-once": momentum,
                "updates-add-up": momentum * branches,
                "momentum-the-wrong-way": (1 - momentum) ** branches,
            }
            number = isinstance(found, int | float)
            code = next(
                (code for code, value in known.items() if number and abs(found - value) < 1e-6),
                "wrong-result",
            )
            what = f"momentum {momentum}, {branches} branches: you say {said_so}"
            measured = f"a BatchNorm2d that sees the same batch {branches} times mixes in {expected:.4f} of its mean"
            raise Misconception(code, f"{what}; {measured}")
        said.append(f"{expected:.5f} for {branches} times {momentum}")
    return f"the share of the batch, measured on a real BatchNorm: {', '.join(said)}."


CLINICAL = (
    (1, 0),
    (2, 0),
    (2, 1),
    (2, 2),
    (4, 0),
    (2, 3),
    (4, 1),
    (4, 2),
    (5, 0),
    (3, 0),
    (4, 3),
    (3, 1),
    (4, 4),
    (4, 5),
    (4, 6),
    (5, 1),
    (4, 7),
    (5, 2),
)


@check
def in_order(answer, sizes=SIZES, order=CLINICAL, count=3):
    logits = [
        (100 * (i + 1) + torch.arange(size) + torch.arange(count).view(-1, 1) / 10).requires_grad_()
        for i, size in enumerate(sizes)
    ]
    expected = torch.stack([logits[branch - 1][:, column] for branch, column in order], 1)
    side_by_side = torch.cat(logits, 1)
    offsets = [sum(sizes[: branch - 1]) + column for branch, column in order]
    try:
        found = answer(list(logits), list(order))
    except IndexError as problem:
        what = f"your function looks for what is not there ({problem}); the last of {len(sizes)} branches is branch {max(order)[0]}"
        raise Misconception("branches-count-from-one", what) from None
    expect(found, torch.Tensor, f"a tensor ({count}, {len(order)})")
    if found.shape != expected.shape:
        raise wrong_result(
            f"asked is shape {tuple(expected.shape)}; you return {tuple(found.shape)}"
        )
    wrong = [k for k in range(len(order)) if not torch.equal(found[:, k], expected[:, k])]
    if wrong:
        k = wrong[0]
        source = [
            (b + 1, c)
            for b, size in enumerate(sizes)
            for c in range(size)
            if torch.equal(found[:, k], logits[b][:, c])
        ]
        there = (
            f"branch {source[0][0]}, column {source[0][1]}" if source else f"{found[0, k].item():g}"
        )
        asked = "branch {}, column {}".format(*order[k])
        what = f"{len(wrong)} of {len(order)} columns stand in a wrong place: column {k} should be {asked}, and is {there}"
        if torch.equal(found, side_by_side):
            raise Misconception("columns-not-reordered", what)
        if torch.equal(found, side_by_side[:, torch.tensor(offsets).argsort()]):
            raise Misconception("order-inverted", what)
        raise wrong_result(what)
    if not found.requires_grad:
        raise wrong_result(
            "the columns are right, but no gradient flows through them: a loss on them would train nothing"
        )
    return f"{len(order)} columns in their places, each output once, with their gradients."


@check
def not_kept(
    answer,
    cases=(
        ("sliced", "copied"),
        ("copied", "copied"),
        ("one object", "copied"),
        ("copied", "sliced"),
    ),
    sizes=SIZES,
):
    for into, origin in cases:
        model = targets(into, sizes)
        source = targets(origin, sizes, seed=1)
        if origin == "copied":
            for i, branch in enumerate(source.branches):
                seasoned(branch, seed=2 + i)  # five branches that have come apart
        state, before = (
            comparisons.snapshot(source.state_dict().items()),
            comparisons.snapshot(model.state_dict().items()),
        )
        twin = targets(into, sizes)
        twin.load_state_dict(state)
        loaded = twin.state_dict()
        expected = {key for key, tensor in loaded.items() if not torch.equal(tensor, state[key])}
        found = answer(model, dict(state))
        where = f"the state of {origin} branches in a model with {into} ones"
        if found is None:
            raise Misconception("nothing-returned", f"not_kept gave None for {where}")
        if any(not torch.equal(tensor, loaded[key]) for key, tensor in model.state_dict().items()):
            raise wrong_result(f"{where}: the state has not been loaded into the model")
        try:
            found = set(found)
        except TypeError:
            raise wrong_result(f"asked are keys; you return {type(found).__name__}") from None
        if found != expected:
            observed = f"{where}: you name {len(found)} of {len(state)} keys; {len(expected)} do not hold what the state holds"
            branches = {
                key.split(".")[1]
                for key in found
                if isinstance(key, str) and key.startswith("branches.")
            }
            if not found:
                raise Misconception("strict-is-no-proof", f"{observed}, such as {min(expected)}")
            if found == expected & {
                name for name, _ in model.named_parameters(remove_duplicate=False)
            }:
                raise Misconception(
                    "parameters-only", f"{observed}, such as {min(expected - found)}"
                )
            if expected and len(branches) == len(sizes) - 1 and "0" not in branches:
                raise Misconception(
                    "last-one-wins",
                    f"{observed}. All of branches.{len(sizes) - 1} is as in the state, branches.0 is not",
                )
            if found == {
                key for key, tensor in before.items() if not torch.equal(tensor, state[key])
            }:
                observed += ". What you compare was noted before the loading"
            raise wrong_result(observed)
    return f"strict loading raised nothing in {len(cases)} cases, and you found what was lost."


@check
def untie(answer, kinds=("sliced", "one object", "assigned"), sizes=SIZES):
    for kind in kinds:
        model, images = targets(kind, sizes), pictures()
        with torch.no_grad():
            expected = model(images)
        before = comparisons.snapshot(named(model))
        held = [
            p.detach() for p in model.branches[0].parameters()
        ]  # so that no address is used anew
        found = answer(model)
        expect(found, nn.Module, "the model")
        branches = list(getattr(found, "branches", ()))
        if len(branches) != len(sizes):
            raise wrong_result(
                f"{kind}: asked is a model with {len(sizes)} in model.branches; yours has {len(branches)}"
            )
        moved = comparisons.moved_since(found, before)
        try:
            judge_independence(branches, None, f"{kind}: ")
        except Misconception as tied:
            what = f"{kind}: {len(shared(branches[0], branches[1]))} tensors of branch 1 still belong to branch 2 too"
            moved = [name for name in moved if name.startswith("branches.")]
            if moved:
                far = (dict(named(found))[moved[0]] - before[moved[0]]).abs().max()
                raise Misconception(
                    "will-diverge", f"{what}. {moved[0]} moved by {far:.2g}, and in both alike"
                ) from None
            if not {address(tensor) for tensor in held} & {
                address(p) for p in branches[0].parameters()
            }:
                raise Misconception(
                    "copy-keeps-sharing", f"{what}. They lie in new memory, and together again"
                ) from None
            raise tied from None
        with torch.no_grad():
            now = found.eval()(images)
        gap = max((a - b).abs().max().item() for a, b in zip(now, expected, strict=True))
        if gap > 1e-4:
            raise Misconception(
                "pretrained-discarded",
                f"{kind}: the branches are independent, but the logits are off by up to {gap:.2g}",
            )
    return f"no two branches share memory any more, and all logits are what they were ({', '.join(kinds)})."
