"""Lesson 09: what the checks require of groups, schedules, low-rank changes and files, and why an
answer does not have it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.utils import parametrize

from course.checking import comparisons, draws, panel, values
from course.checking.autograd import leaf_tensors
from course.checking.batchnorm import STATISTICS
from course.checking.check import Answer, expect
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    unlike,
    wrong_result,
)
from course.lessons.lesson09.fixtures import STAGES, Adapted

Snapshot = dict[str, torch.Tensor]
AHEAD = 4  # epochs that a schedule is followed after a group has joined

# ---- two stages ---------------------------------------------------------------------------------


class Stage(NamedTuple):
    """One call of `train`, which makes two steps."""

    model: nn.Module  # that it got
    lr: float
    before: Snapshot  # all parameters and buffers
    after: Snapshot

    def trained(self) -> set[str]:
        """Return the names of the parameters that the call changed."""
        parameters = {name for name, _ in self.model.named_parameters()}
        return {
            name
            for name in parameters & self.before.keys()
            if not comparisons.same(self.before[name], self.after[name])
        }


def expect_stages(calls: list[Stage], start: Snapshot, rates: tuple[float, float]) -> None:
    """Raise Misconception unless the first call trains the head and the second everything."""
    first, second = calls
    everything = {name for name, _ in first.model.named_parameters()}
    head = {name for name in everything if name.startswith("fc.")}
    early = first.trained() - head
    if early:
        raise Misconception(
            "not-the-head-first",
            f"the first call of train also changes {first_and_more(sorted(early))}; expected only "
            "fc.weight and fc.bias",
        )
    if head - first.trained():
        raise wrong_result(
            f"the first call of train does not change {min(head - first.trained())}; expected that "
            "it trains the head"
        )
    lost = [name for name in head if not _same_at(second.before, first.after, name)]
    if lost:
        raise Misconception(
            "probe-thrown-away",
            f"when the second call of train starts, {min(lost)} no longer has the values that the "
            "first call gave it",
        )
    between = [name for name in start if not _same_at(second.before, first.after, name)]
    between += [
        name for name in everything - head if not _same_at(first.before, start, name)
    ]
    if between:
        raise wrong_result(f"expected that only train changes values; {min(between)} has changed")
    still = everything - second.trained()
    if still:
        raise Misconception(
            "second-stage-frozen",
            f"the second call of train does not change {first_and_more(sorted(still))}; expected "
            f"that it trains all {len(everything)} tensors",
        )
    for number, (call, expected) in enumerate(zip(calls, rates, strict=True), 1):
        if not values.near(call.lr, expected, 0, 1e-6):
            raise wrong_result(
                f"call {number} of train: expected the learning rate {expected}; got {call.lr}"
            )


def _same_at(one: Snapshot, other: Snapshot, name: str) -> bool:
    return name in one and name in other and comparisons.same(one[name], other[name])


# ---- parameter groups ---------------------------------------------------------------------------


def held_by(found: Any, call: str, option: str) -> dict[int, float]:
    """Return {id of a parameter: its `option`} of an answer's groups.

    An optimizer reads the groups, as they are meant to be used. Raises Misconception for what an
    optimizer does not accept, a parameter that is twice in them, and a group without the option.
    """
    expect_something(found, call)
    if isinstance(found, torch.optim.Optimizer):
        raise wrong_result(f"{call}: expected a list of groups; got {type(found).__name__}")
    if not isinstance(found, list | tuple) or not all(isinstance(g, Mapping) for g in found):
        raise unlike(found, f"{call}: expected a list of dicts; got {values.shown(found)}")
    groups = [dict(group) for group in found]
    for group in groups:
        if option not in group or "params" not in group:
            raise wrong_result(f"{call}: expected 'params' and {option!r} in each group")
        group["params"] = list(group["params"])
    held: dict[int, float] = {}
    for group in groups:
        for parameter in group["params"]:
            if not isinstance(parameter, torch.Tensor):
                raise wrong_result(
                    f"{call}: expected parameters in 'params'; got {values.described(parameter)}"
                )
            if id(parameter) in held:
                raise Misconception(
                    "parameter-twice",
                    f"{call}: a parameter of shape {tuple(parameter.shape)} is twice in the groups",
                )
            held[id(parameter)] = values.number(group[option], f"a number as {option!r}")
    torch.optim.AdamW([group for group in groups if group["params"]], lr=1e-3)
    return held


def expect_trainable_held(model: nn.Module, held: dict[int, float], call: str) -> None:
    """Raise Misconception unless the groups hold the trainable parameters and no others."""
    missing, frozen = [], []
    for path, parameter in model.named_parameters():
        if parameter.requires_grad and id(parameter) not in held:
            missing.append(path)
        elif not parameter.requires_grad and id(parameter) in held:
            frozen.append(path)
    if missing:
        raise Misconception(
            "group-incomplete", f"{call}: {first_and_more(missing)} is in no group"
        )
    if frozen:
        raise Misconception(
            "frozen-in-a-group", f"{call}: {first_and_more(frozen)} is frozen and in a group"
        )
    known = {id(parameter) for parameter in model.parameters()}
    if held.keys() - known:
        raise wrong_result(f"{call}: a group holds a tensor that is no parameter of the model")


def expect_rates(
    model: nn.Module, held: dict[int, float], lr: float, factor: float, call: str
) -> None:
    """Raise Misconception unless each stage of a ResNet has its learning rate."""
    depth = {"fc": 0, "layer4": 1, "layer3": 2, "layer2": 3, "layer1": 4, "bn1": 5, "conv1": 5}
    rates = {
        path: held[id(parameter)]
        for path, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    expected = {path: lr * factor ** depth[path.split(".")[0]] for path in rates}
    wrong = [path for path in rates if not values.near(rates[path], expected[path], 0, 1e-6)]
    if not wrong:
        return
    code = "wrong-result"
    if rates["fc.weight"] < rates["layer4.0.conv1.weight"]:
        code = "rates-upside-down"
    elif _is_linear(rates, lr, factor):
        code = "rates-not-geometric"
    path = wrong[-1]
    raise Misconception(
        code,
        f"{call}: expected the learning rate {expected[path]:.4g} for {path}; got "
        f"{rates[path]:.4g}",
    )


def _is_linear(rates: dict[str, float], lr: float, factor: float) -> bool:
    """Return whether all stages but the head have one learning rate, or it falls by equal steps."""
    steps = [rates["layer4.0.conv1.weight"], rates["layer3.0.conv1.weight"]]
    steps.append(rates["layer1.0.conv1.weight"])
    same = values.near(steps[0], lr * factor, 0, 1e-6) and steps[0] == steps[1] == steps[2]
    divided = values.near(steps[1], lr * factor / 2, 0, 1e-6)
    return same or divided


def expect_decays(model: nn.Module, held: dict[int, float], decay: float, call: str) -> int:
    """Return how many tensors have no decay; raise Misconception unless it is the right ones."""
    wrong = {}  # {name: what was expected}
    without = 0
    parameters = {path: p for path, p in model.named_parameters() if p.requires_grad}
    for path, parameter in parameters.items():
        expected = decay if parameter.ndim >= 2 else 0.0
        without += not expected
        if not values.near(held[id(parameter)], expected, 0, 1e-6):
            wrong[path] = expected
    if wrong:
        path, expected = next(iter(wrong.items()))
        found = held[id(parameters[path])]
        if set(wrong.values()) == {0.0}:
            code = "norms-decayed"
        elif set(wrong.values()) == {decay} and found == 0:
            code = "decay-misplaced"
        else:
            code = "wrong-result"
        raise Misconception(
            code,
            f"{call}: expected weight_decay {expected} for {path}, of shape "
            f"{tuple(parameters[path].shape)}; got {found:.4g}",
        )
    return without


# ---- a new group under a running scheduler ------------------------------------------------------


def try_join(
    answer: Answer,
    factor: Callable[[int], float],
    schedule: str,
    epochs: int,
    kind: str,
    lr: float,
) -> None:
    """Raise Misconception unless a group joins after some epochs and all follow the schedule."""
    old, new = nn.Linear(3, 2), nn.Linear(2, 4)
    rates = [0.1, 0.03]
    groups = [{"params": [p], "lr": r} for p, r in zip(old.parameters(), rates, strict=True)]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    optimizer = getattr(torch.optim, kind)(groups, **options)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)

    def step() -> None:
        for parameter in (*old.parameters(), *new.parameters()):
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()

    for _ in range(epochs):
        step()
        scheduler.step()
    memory = {id(p): dict(optimizer.state[p]) for p in old.parameters()}
    joining = list(new.parameters())
    where = f"{kind}, schedule {schedule!r}, in epoch {epochs}"
    try:
        found = answer(optimizer, scheduler, factor, joining, lr)
    except KeyError as problem:
        if "initial_lr" in str(problem):
            raise Misconception("initial-lr-missing", f"{where}: {problem.args[0]}") from None
        raise
    expect_something(found, "add_group")
    expect(found, torch.optim.lr_scheduler.LRScheduler, "the scheduler to use from now on")
    expected = {id(p): rate for p, rate in zip(old.parameters(), rates, strict=True)}
    expected |= {id(p): lr for p in joining}
    if any(optimizer.state[p].keys() != memory[id(p)].keys() for p in old.parameters()):
        raise Misconception("optimizer-made-anew", f"{where}: the optimizer has lost its averages")
    names = {id(p): "old" for p in old.parameters()} | {id(p): "new" for p in joining}
    missing = [name for key, name in names.items() if key not in comparisons.learning_rates(optimizer)]
    if missing:
        raise Misconception(
            "not-in-the-optimizer", f"{where}: a {missing[0]} parameter is not in the optimizer"
        )
    _expect_schedule(optimizer, expected, names, factor, epochs, 0, found is scheduler, where)
    start = [p.detach().clone() for p in joining]
    for ahead in range(1, AHEAD + 1):
        step()
        try:
            found.step()
        except (ValueError, KeyError, IndexError) as problem:
            if panel.raised_by_learner(problem):
                raise
            raise Misconception(
                "scheduler-not-extended",
                f"{where}: the next step of the scheduler that you return raises "
                f"{type(problem).__name__}: {problem}",
            ) from None
        _expect_schedule(optimizer, expected, names, factor, epochs, ahead, found is scheduler, where)
    if any(torch.equal(p, old) for p, old in zip(joining, start, strict=True)):
        raise wrong_result(f"{where}: expected that the optimizer's step changes the new parameters")


def _expect_schedule(
    optimizer: torch.optim.Optimizer,
    base: dict[int, float],
    names: dict[int, str],
    factor: Callable[[int], float],
    epoch: int,
    ahead: int,
    same_scheduler: bool,
    where: str,
) -> None:
    """Raise Misconception unless each learning rate is its base times the factor of the epoch."""
    rates = comparisons.learning_rates(optimizer)
    now = epoch + ahead

    def follows(keys: list[int], at: int) -> bool:
        return all(values.near(rates[key], base[key] * factor(at), 1e-12, 1e-6) for key in keys)

    everything, new = list(base), [key for key in base if names[key] == "new"]
    if follows(everything, now):
        return
    old = [key for key in base if names[key] == "old"]
    code = "wrong-result"
    if follows(old, ahead):
        code = "schedule-starts-again"
    elif follows(old, now + 1):
        code = "one-epoch-ahead"
    elif follows(old, now) and all(values.near(rates[k], base[k], 0, 1e-6) for k in new):
        code = "scheduler-not-extended" if ahead and same_scheduler else "joined-at-full-rate"
    key = next(k for k in base if not follows([k], now))
    when = "right after the call" if not ahead else f"{ahead} epochs later"
    raise Misconception(
        code,
        f"{where}: {when} expected the learning rate {base[key]} * {factor(now):.4g} for a "
        f"{names[key]} parameter; got {rates[key]:.4g}",
    )


# ---- a change of low rank -----------------------------------------------------------------------


def try_low_rank(answer: Callable, options: Mapping[str, Any], seed: int) -> str:
    """Return the layer in words; raise Misconception unless the answer changes it as required.

    options: the layer's kind, its sizes, `rank`, and perhaps `groups` and `dtype`.
    """
    kind, sizes, rank = options["kind"], options["sizes"], options["rank"]
    dtype = options.get("dtype", torch.float32)
    more = {"groups": options["groups"]} if "groups" in options else {}
    torch.manual_seed(seed)
    layer = getattr(nn, kind)(*sizes, **more, dtype=dtype)
    layer.requires_grad_(False)
    shape = (5, sizes[0]) if kind == "Linear" else (2, sizes[0], 6, 6)
    inputs = draws.noise(seed, *shape).to(dtype)
    plain = layer(inputs)
    weight = layer.weight.detach().clone()
    where = f"{kind}{sizes}, rank {rank}"
    change = answer(layer.weight, rank)
    expect(change, nn.Module, "low_rank(weight, rank) to return an nn.Module")
    _expect_factors(change, weight, rank, where)
    alone = change(layer.weight)
    expect(alone, torch.Tensor, "forward(weight) to return a tensor")
    _expect_returned(change, alone, weight, where)
    if not comparisons.same(layer.weight.detach(), weight):
        raise wrong_result(f"{where}: forward(weight) changes the weight that it gets")
    parametrize.register_parametrization(layer, "weight", change)
    if not torch.equal(layer(inputs), plain):
        raise Misconception(
            "change-at-the-start",
            f"{where}: before any step the layer's outputs differ by up to "
            f"{(layer(inputs) - plain).abs().max():.2g}",
        )
    _expect_training(change, layer, inputs, where)
    with torch.no_grad():
        change.A.copy_(draws.noise(seed + 50, *change.A.shape))
        change.B.copy_(draws.noise(seed + 60, *change.B.shape))
    _expect_returned(change, change(weight + 1), weight + 1, where)
    changed = layer(inputs)
    parametrize.remove_parametrizations(layer, "weight")
    if not values.all_near(layer(inputs), changed, 1e-6):
        raise wrong_result(f"{where}: after the merge the layer has other outputs")
    return where


def _expect_factors(change: nn.Module, weight: torch.Tensor, rank: int, where: str) -> None:
    """Raise Misconception unless A and B are there, with their shapes, and nothing else."""
    rows, columns = len(weight), weight[0].numel()
    shapes = {"A": (rank, columns), "B": (rows, rank)}
    parameters = dict(change.named_parameters())
    for name, shape in shapes.items():
        factor = getattr(change, name, None)
        if not isinstance(factor, torch.Tensor):
            raise wrong_result(f"{where}: expected a parameter `{name}`; got {values.shown(factor)}")
        if name not in parameters or not factor.requires_grad:
            raise Misconception(
                "factors-not-trained",
                f"{where}: `{name}` is a {type(factor).__name__} with "
                f"requires_grad={factor.requires_grad}; expected a trainable nn.Parameter",
            )
        if tuple(factor.shape) != shape:
            raise wrong_result(
                f"{where}: expected `{name}` of shape {shape}; got {tuple(factor.shape)}"
            )
        if factor.dtype != weight.dtype:
            raise wrong_result(
                f"{where}: expected `{name}` in {weight.dtype}, like the weight; got {factor.dtype}"
            )
    others = sorted(change.state_dict().keys() - shapes.keys())
    if others:
        raise Misconception(
            "more-than-two-factors", f"{where}: the module also stores {first_and_more(others)}"
        )


def _expect_returned(
    change: nn.Module, found: torch.Tensor, weight: torch.Tensor, where: str
) -> None:
    """Raise Misconception unless forward returned the weight plus B @ A."""
    added = (change.B @ change.A).detach().reshape(weight.shape)
    if found.shape != weight.shape or found.dtype != weight.dtype:
        raise wrong_result(
            f"{where}: expected forward(weight) to return {tuple(weight.shape)} {weight.dtype}; "
            f"got {tuple(found.shape)} {found.dtype}"
        )
    if values.all_near(found, weight + added, 1e-5):
        return
    if values.all_near(found, added, 1e-5):
        raise Misconception(
            "weight-not-included", f"{where}: forward(weight) returns only the change"
        )
    raise wrong_result(
        f"{where}: expected weight + B @ A; it is off by up to "
        f"{(found - weight - added).abs().max():.2g}"
    )


def _expect_training(
    change: nn.Module, layer: nn.Module, inputs: torch.Tensor, where: str
) -> None:
    """Raise Misconception unless steps train both factors and leave the original weight alone."""
    start = comparisons.snapshot(change.named_parameters())
    leaves = {id(leaf) for leaf in leaf_tensors(layer(inputs).sum())}
    if not leaves & {id(p) for p in change.parameters()}:
        raise Misconception(
            "factors-not-trained", f"{where}: no gradient reaches A and B from the layer's output"
        )
    optimizer = torch.optim.SGD(change.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = (layer(inputs) - 1).square().mean()
        loss.backward()
        optimizer.step()
    still = start.keys() - set(comparisons.moved_since(change, start))
    if len(still) == 2:
        raise Misconception("both-factors-zero", f"{where}: three steps change neither A nor B")
    if still:
        raise wrong_result(f"{where}: three steps do not change `{min(still)}`")


# ---- what the file holds ------------------------------------------------------------------------


def expect_state(found: Any, model: Adapted, call: str) -> None:
    """Raise Misconception unless an answer holds what was trained and all buffers of state_dict."""
    expect_something(found, call)
    if not isinstance(found, Mapping):
        raise wrong_result(f"{call}: expected a dict; got {type(found).__name__}")
    state = model.state_dict()
    for key, tensor in found.items():
        if not isinstance(tensor, torch.Tensor):
            raise wrong_result(f"{call}: expected tensors; {key!r} is {values.described(tensor)}")
    strange = [key for key in found if key not in state]
    if strange:
        raise wrong_result(
            f"{call}: expected names as in model.state_dict(); it has no {first_and_more(strange)}"
        )
    parameters = dict(model.named_parameters())
    missing = [
        name for name in state
        if name not in found and not (name in parameters and not parameters[name].requires_grad)
    ]
    trained = [name for name in missing if name in parameters]
    if trained:
        raise Misconception(
            "trained-tensors-missing", f"{call}: {first_and_more(trained)} is missing"
        )
    if missing:
        moved = [name for name in missing if name.endswith(STATISTICS)]
        raise Misconception(
            "running-statistics-missing" if moved else "wrong-result",
            f"{call}: {first_and_more(moved or missing)} is missing",
        )
    frozen = [name for name in found if name in parameters and not parameters[name].requires_grad]
    if frozen:
        raise Misconception(
            "frozen-weights-stored",
            f"{call}: {first_and_more(frozen)} is frozen; expected {len(state) - len(frozen)} "
            f"tensors, got {len(found)}",
        )
    other = [name for name in found if not comparisons.same(found[name], state[name])]
    if other:
        raise wrong_result(f"{call}: expected the model's own values; {other[0]} has others")


def expect_copies(
    found: Mapping[str, torch.Tensor], kept: Mapping[str, torch.Tensor], call: str
) -> None:
    """Raise Misconception where a tensor has changed together with the model."""
    changed = [name for name in kept if not comparisons.same(found[name], kept[name])]
    if changed:
        raise Misconception(
            "snapshot-without-clone",
            f"{call}: one more step of the model changes {first_and_more(changed)} in the dict "
            "that you returned",
        )


# ---- features by name ---------------------------------------------------------------------------


def why_other_features(
    found: torch.Tensor,
    expected: torch.Tensor,
    model: nn.Module,
    node: str,
    images: torch.Tensor,
    call: str,
) -> Misconception:
    """Return the Misconception behind features that are not those of the node."""
    if found.shape != expected.shape:
        return wrong_result(
            f"{call}: expected shape {tuple(expected.shape)}; got {tuple(found.shape)}"
        )
    calls: list[torch.Tensor] = []
    try:
        layer = model.get_submodule(node)
    except AttributeError:
        layer = None
    if layer is not None:
        hook = layer.register_forward_hook(lambda *given: calls.append(given[-1].detach().clone()))
        with torch.no_grad():
            model(images)
        hook.remove()
    others = [number for number, made in enumerate(calls, 1) if values.all_near(found, made, 1e-4)]
    if others and len(calls) > 1:
        return Misconception(
            "not-this-call",
            f"{call}: that module runs {len(calls)} times in one forward; you return the output of "
            f"call {others[0]}",
        )
    with torch.no_grad():
        gap = (found - expected).abs().max()
    return wrong_result(
        f"{call}: expected the node's output in eval mode; yours differs by up to {gap:.2g}"
    )
