"""Lesson 09: what the checks require of parameter groups and of a group that joins a schedule."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checking import comparisons, panel, values
from course.checking.check import Answer
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    unlike,
    wrong_result,
)
from course.checking.stepping import why_missing

AHEAD = 4  # epochs that a schedule is followed after a group has joined

# ---- parameter groups ----------------------------------------------------------------------------


class Held(NamedTuple):
    """What an answer's groups hold."""

    options: dict[int, float]  # {id of a parameter: the option that was asked for}
    why_missing: str  # explains a parameter that is missing, for a message


def held_by(found: Any, call: str, option: str) -> Held:
    """Return what an answer's groups hold, with the `option` of each parameter.

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
            raise wrong_result(
                f"{call}: expected 'params' and {option!r} in each group; one has the keys "
                f"{list(group)}"
            )
        group["params"] = _listed(group["params"], call)
    held: dict[int, float] = {}
    for group in groups:
        for entry in group["params"]:
            parameter = entry[1] if isinstance(entry, tuple) and len(entry) == 2 else entry
            if not isinstance(parameter, torch.Tensor):
                raise wrong_result(
                    f"{call}: expected parameters in 'params'; got {values.described(parameter)}"
                )
            if id(parameter) in held:
                raise Misconception(
                    "parameter-twice",
                    f"{call}: a parameter of shape {tuple(parameter.shape)} is twice in the groups",
                )
            held[id(parameter)] = values.number_in(
                group[option], f"a number as {option!r} in {call}"
            )
    try:
        torch.optim.AdamW([group for group in groups if group["params"]], lr=1e-3)
    except (TypeError, ValueError) as problem:
        raise wrong_result(
            f"{call}: expected groups that an optimizer accepts; torch.optim.AdamW raises "
            f"{type(problem).__name__}: {problem}"
        ) from None
    return Held(held, why_missing(groups))


def _listed(params: Any, call: str) -> list:
    """Return a group's "params" as a list: torch accepts one tensor, and what a loop goes through.

    Its entries are parameters, or pairs of a name and a parameter.
    """
    if isinstance(params, torch.Tensor):
        return [params]
    if isinstance(params, set) or not isinstance(params, Iterable):
        raise wrong_result(
            f"{call}: expected a list of parameters as 'params'; got {values.shown(params)}"
        )
    return list(params)


def expect_trainable_held(model: nn.Module, found: Held, call: str) -> None:
    """Raise Misconception unless the groups hold the trainable parameters and no others."""
    held = found.options
    missing, frozen = [], []
    for path, parameter in model.named_parameters():
        if parameter.requires_grad and id(parameter) not in held:
            missing.append(path)
        elif not parameter.requires_grad and id(parameter) in held:
            frozen.append(path)
    if missing:
        raise Misconception(
            "group-incomplete",
            f"{call}: {first_and_more(missing, 'is', 'are')} in no group{found.why_missing}",
        )
    if frozen:
        raise Misconception(
            "frozen-in-a-group", f"{call}: frozen and in a group: {first_and_more(frozen)}"
        )
    known = {id(parameter) for parameter in model.parameters()}
    if held.keys() - known:
        raise wrong_result(
            f"{call}: expected parameters of the model alone; {len(held.keys() - known)} of the "
            f"{len(held)} tensors in the groups are none"
        )


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
    stages = {depth[path.split(".")[0]]: rate for path, rate in rates.items()}
    code = "wrong-result"
    if stages[min(stages)] < stages[max(stages)]:
        code = "rates-upside-down"
    elif len(set(rates.values())) == 1 or _is_linear(stages, lr, factor):
        code = "rates-not-geometric"
    elif all(values.near(rates[path], expected[path] * factor, 0, 1e-6) for path in rates):
        code = "head-rate-multiplied"
    elif all(_is_power(rate / lr, factor) for rate in rates.values()):
        code = "stages-miscounted"
    path = wrong[-1]
    seen = (
        f"{call}: expected the learning rate {expected[path]:.4g} for {path}; got {rates[path]:.4g}"
    )
    places = {stage: place for place, stage in enumerate(sorted(stages))}
    if all(values.near(stages[k], lr * factor ** places[k], 0, 1e-6) for k in stages):
        seen += ". You count the stages that train; a stage that is frozen is a stage as well"
    raise Misconception(code, seen)


def _is_linear(stages: dict[int, float], lr: float, factor: float) -> bool:
    """Return whether all stages but the head have one learning rate, or one divided by the depth.

    stages: {how many stages before the head: the learning rate}, of stages that are not frozen.
    """
    late = {depth: rate for depth, rate in stages.items() if depth}
    same = all(values.near(rate, lr * factor, 0, 1e-6) for rate in late.values())
    divided = all(values.near(late[depth], lr * factor / depth, 0, 1e-6) for depth in late)
    return same or divided


def _is_power(share: float, factor: float) -> bool:
    """Return whether `share` is a power of `factor`, the 30th at most."""
    return any(values.near(share, factor**k, 0, 1e-6) for k in range(31))


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


# ---- a new group under a running scheduler -------------------------------------------------------


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

    def step(*modules: nn.Module) -> None:
        for module in modules:
            for parameter in module.parameters():
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()

    for _ in range(epochs):
        step(old)
        scheduler.step()
    before = _Before(optimizer, old)
    joining = list(new.parameters())
    where = f"{kind}, schedule {schedule!r}, in epoch {epochs}"
    try:
        found = answer(optimizer, scheduler, factor, joining, lr)
    except KeyError as problem:
        if "initial_lr" in str(problem):
            said = str(problem.args[0]).splitlines()[0]
            raise Misconception("initial-lr-missing", f"{where}: {said}") from None
        raise
    expect_something(found, "add_group")
    if not callable(getattr(found, "step", None)) or isinstance(found, torch.optim.Optimizer):
        raise wrong_result(
            f"{where}: expected the scheduler to call from now on, an object with a method step(); "
            f"got {values.described(found)}"
        )
    expected = {id(p): rate for p, rate in zip(old.parameters(), rates, strict=True)}
    expected |= {id(p): lr for p in joining}
    if getattr(found, "optimizer", optimizer) is not optimizer:
        raise Misconception(
            "optimizer-made-anew", f"{where}: the scheduler that you return has another optimizer"
        )
    before.expect_kept(optimizer, old, where)
    names = {id(p): "old" for p in old.parameters()} | {id(p): "new" for p in joining}
    missing = [
        name for key, name in names.items() if key not in comparisons.learning_rates(optimizer)
    ]
    if missing:
        raise Misconception(
            "not-in-the-optimizer",
            f"{where}: not in the optimizer: a parameter of the {missing[0]} group",
        )
    short = found is scheduler and len(scheduler.base_lrs) < len(optimizer.param_groups)
    stepped = scheduler.last_epoch - epochs
    _expect_schedule(optimizer, expected, names, factor, epochs, 0, short, stepped, where)
    start = [p.detach().clone() for p in joining]
    for ahead in range(1, AHEAD + 1):
        try:
            step(old, new)
            found.step()
        except Exception as problem:
            if panel.raised_by_learner(problem):
                raise
            short_list = isinstance(problem, ValueError | KeyError | IndexError)
            raise Misconception(
                "scheduler-not-extended" if short_list else "wrong-result",
                f"{where}: the next step of the scheduler that you return raises "
                f"{type(problem).__name__}: {problem}",
            ) from None
        _expect_schedule(optimizer, expected, names, factor, epochs, ahead, short, stepped, where)
    still = [p for p, old in zip(joining, start, strict=True) if torch.equal(p, old)]
    if still:
        raise wrong_result(
            f"{where}: expected that the optimizer's steps change the new parameters; {AHEAD} "
            f"steps have not changed {len(still)} of {len(joining)}, one of shape "
            f"{tuple(still[0].shape)}"
        )


class _Before:
    """The old parameters, the optimizer's averages and its options, before the answer is called."""

    def __init__(self, optimizer: torch.optim.Optimizer, old: nn.Module) -> None:
        self.parameters = comparisons.snapshot(old.named_parameters())
        self.averages = _averages(optimizer, old)
        self.options = _options(optimizer)

    def expect_kept(self, optimizer: torch.optim.Optimizer, old: nn.Module, where: str) -> None:
        """Raise Misconception unless all of it is as it was."""
        if moved := comparisons.moved_since(old, self.parameters):
            raise wrong_result(
                f"{where}: your function changes the old parameters {first_and_more(moved)}; "
                "expected that only the caller makes steps"
            )
        averages = _averages(optimizer, old)
        same = averages.keys() == self.averages.keys() and all(
            comparisons.same(averages[key], self.averages[key]) for key in averages
        )
        if not same:
            raise Misconception(
                "optimizer-made-anew", f"{where}: the optimizer has lost its averages"
            )
        for parameter, options in self.options.items():
            now = _options(optimizer).get(parameter, options)
            other = [name for name, value in options.items() if now.get(name) != value]
            if other:
                raise wrong_result(
                    f"{where}: expected the old groups' options as they were; {other[0]!r} was "
                    f"{options[other[0]]} and is {now.get(other[0])}"
                )


def _averages(optimizer: torch.optim.Optimizer, old: nn.Module) -> dict[tuple, torch.Tensor]:
    """Return {(a parameter's name, what): clone} of what the optimizer keeps of the parameters."""
    found = {}
    for name, parameter in old.named_parameters():
        for what, value in optimizer.state.get(parameter, {}).items():
            if value is not None:
                found[name, what] = torch.as_tensor(value).detach().clone()
    return found


def _options(optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Any]]:
    """Return {id of a parameter: its group's options}, without those that a schedule changes."""
    scheduled = ("params", "lr", "initial_lr")
    found = {}
    for group in optimizer.param_groups:
        options = {name: value for name, value in group.items() if name not in scheduled}
        found |= {id(parameter): options for parameter in group["params"]}
    return found


def _expect_schedule(
    optimizer: torch.optim.Optimizer,
    base: dict[int, float],
    names: dict[int, str],
    factor: Callable[[int], float],
    epoch: int,
    ahead: int,
    short: bool,
    stepped: int,
    where: str,
) -> None:
    """Raise Misconception unless each learning rate is its base times the factor of the epoch.

    short: the scheduler has no entry for the new group. stepped: how many steps the answer made of
    the scheduler that it was given.
    """
    rates = comparisons.learning_rates(optimizer)
    now = epoch + ahead

    def follows(keys: list[int], at: int) -> bool:
        return all(values.near(rates[key], base[key] * factor(at), 1e-12, 1e-6) for key in keys)

    def twice(key: int) -> bool:
        return values.near(rates[key], base[key] * factor(epoch) * factor(now), 1e-12, 1e-6)

    everything, new = list(base), [key for key in base if names[key] == "new"]
    if follows(everything, now):
        return
    old = [key for key in base if names[key] == "old"]
    code, why = "wrong-result", ""
    if stepped and follows(old, now + stepped):
        why = (
            f". Your function has made {stepped} step{'s' * (stepped != 1)} of the scheduler that "
            "it was given: only the caller makes steps"
        )
    elif follows(old, ahead):
        code = "schedule-starts-again"
    elif follows(old, now + 1):
        code = "one-epoch-ahead"
    elif follows(old, now) and all(values.near(rates[k], base[k], 0, 1e-6) for k in new):
        code = "scheduler-not-extended" if short else "joined-at-full-rate"
    elif follows(old, now) and follows(new, ahead):
        code = "joined-at-epoch-zero"
    elif all(follows([key], now) or twice(key) for key in base):
        code = "factor-twice"
    else:
        why = _why_other_rates(rates, base, names, factor, epoch, now)
    key = next(k for k in base if not follows([k], now))
    later = "one epoch later" if ahead == 1 else f"{ahead} epochs later"
    when = later if ahead else "right after the call"
    raise Misconception(
        code,
        f"{where}: {when} expected the learning rate {base[key]} * {factor(now):.4g} for a "
        f"parameter of the {names[key]} group; got {rates[key]:.4g}{why}",
    )


def _why_other_rates(
    rates: dict[int, float],
    base: dict[int, float],
    names: dict[int, str],
    factor: Callable[[int], float],
    epoch: int,
    now: int,
) -> str:
    """Return what explains the learning rates of an optimizer; "" if nothing does.

    epoch: the one in which the new group has joined; now: the one whose factor counts.
    """
    new = [key for key in base if names[key] == "new"]

    def follows(own: Mapping[int, float], at: int) -> bool:
        return all(values.near(rates[key], own[key] * factor(at), 1e-12, 1e-6) for key in own)

    at = next((other for other in range(now + AHEAD) if follows(base, other)), None)
    if at is not None:
        return f". All groups have the learning rates of epoch {at}; this is epoch {now}"
    if follows({key: base[new[0]] for key in base}, now):
        return (
            ". The old groups follow the schedule from the new group's initial learning rate: "
            "expected that each keeps its own `initial_lr`"
        )
    if now > epoch and follows({key: base[key] for key in new}, epoch):
        return ". The new group keeps the learning rate that it had right after the call"
    if follows({key: base[key] for key in base if key not in new}, now):
        return ". The old groups are right, the new group is not"
    return ""
