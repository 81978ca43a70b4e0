"""Exercises 8 and 9 of lesson 02: a part that is frozen, or joins, while an optimizer trains."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course.checking import comparisons, networks, panel
from course.checking.check import Answer
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.stepping import make_step, why_missing
from course.checking.values import all_near
from course.lessons.lesson02.diagnosis import (
    expect_each_once,
    expect_no_second_group,
    expect_rate,
    expect_same_condition,
    expect_same_values,
    in_tensors,
    inside,
)
from course.lessons.lesson02.fixtures import backward, classifier, make_optimizer
from course.lessons.lesson02.training_state import (
    Before,
    before_freezing,
    memory_of,
    why_memory_lost,
    why_part_moved,
    why_rest_differs,
)


def freeze_in_training(answer: Answer, name: str, part: str, kind: str, layout: str) -> None:
    """Raise Misconception unless the part stays the same, and the rest trains on, under one
    optimizer.
    """
    model = classifier(name)
    one_in_part = min(inside((path for path, _ in model.named_parameters()), part))
    model.get_parameter(one_in_part).requires_grad = False  # was never trained
    list(model.parameters())[-1].requires_grad = False
    optimizer = make_optimizer(model, part, kind, layout)
    backward(model, name)
    optimizer.step()
    optimizer.zero_grad()
    backward(model, name)
    expected = _steps_of_reference(model, optimizer, name, part)
    before = before_freezing(model, optimizer)
    groups = len(optimizer.param_groups)
    options = _options_of(optimizer)
    scheduler = _schedule(optimizer)
    condition = comparisons.condition(model)
    answer(model, optimizer, part)
    where = f"{part} of {name}, {kind} with {layout}"
    changed = sorted(inside(comparisons.moved_since(model, before.values), part))
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that freeze_now itself changes no values; "
            f"{first_and_more(changed)} changed",
        )
    rates = comparisons.learning_rates(optimizer)
    suspect = why_rest_differs(model, optimizer, part, before, where)
    suspect = suspect or _why_options_differ(model, optimizer, part, options, where)
    _step(optimizer.step, optimizer, groups, where)
    when = f"{where}: the step right after freeze_now"
    _expect_like_reference(model, part, before, expected[0], rates, suspect, when)
    _step(scheduler.step, optimizer, groups, where)
    optimizer.zero_grad(set_to_none=False)
    backward(model, name, call="freeze_now")
    _expect_no_cut(model, part, before, where)
    _step(optimizer.step, optimizer, groups, where)
    when = f"{where}: two steps, with a scheduler"
    _expect_like_reference(model, part, before, expected[1], rates, suspect, when)
    expect_same_condition(model, condition, where)


def _why_options_differ(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    part: str,
    options: dict[int, dict[str, Any]],
    where: str,
) -> Misconception | None:
    """Return which option of a parameter outside the part has changed, None if none has."""
    now = _options_of(optimizer)
    for path, parameter in model.named_parameters():
        if inside([path], part):
            continue
        for option, value in options.get(id(parameter), {}).items():
            found = now.get(id(parameter), {}).get(option)
            if found != value:
                return wrong_result(
                    f"{where}: expected that {path}, outside the part, trains on as before; its "
                    f"{option} was {value} and is {found}"
                )
    return None


def _expect_no_cut(model: nn.Module, part: str, before: Before, where: str) -> None:
    """Raise Misconception where a backward no longer reaches a parameter outside the part."""
    cut_off = []
    for path in before.gradients.keys() - inside(before.values, part):
        parameter = model.get_parameter(path)
        reached = parameter.grad is not None and parameter.grad.any()
        if parameter.requires_grad and not reached:
            cut_off.append(path)
    if cut_off:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: expected that gradients pass through the frozen part; none reaches "
            f"{first_and_more(sorted(cut_off))} any more",
        )


def _schedule(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    """Return a scheduler that raises a learning rate of 0."""
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8, eta_min=1e-5)


def _step(
    step: Callable[[], Any], optimizer: torch.optim.Optimizer, groups: int, where: str
) -> None:
    """Make a step of the optimizer or the scheduler. groups: how many there were at first.

    Raises Misconception where it raises because of the optimizer's groups.
    """
    try:
        step()
    except Exception as problem:
        now = len(optimizer.param_groups or ())
        if panel.raised_by_learner(problem) or now == groups:
            raise
        raise wrong_result(
            f"{where}: the optimizer had {groups} groups and has {now} now, so the scheduler's "
            "step raises an error; expected that all groups stay"
        ) from None


def _steps_of_reference(
    model: nn.Module, optimizer: torch.optim.Optimizer, name: str, part: str
) -> list[dict[str, torch.Tensor]]:
    """Return the parameters as they should be after the step that is due, and a step later.

    Works on a copy of the model and its optimizer.
    """
    twin, its_optimizer = networks.copied_with_optimizer(model, optimizer)
    for (path, parameter), old in zip(twin.named_parameters(), model.parameters(), strict=True):
        if inside([path], part):
            parameter.requires_grad = False
        elif old.grad is not None:  # the copy of a parameter has no gradient
            parameter.grad = old.grad.clone()
    scheduler = _schedule(its_optimizer)
    its_optimizer.step()
    after = [comparisons.snapshot(twin.named_parameters())]
    scheduler.step()
    its_optimizer.zero_grad()
    backward(twin, name)
    its_optimizer.step()
    return [*after, comparisons.snapshot(twin.named_parameters())]


def _expect_like_reference(
    model: nn.Module,
    part: str,
    before: Before,
    expected: dict[str, torch.Tensor],
    rates: dict[int, float],
    suspect: Misconception | None,
    when: str,
) -> None:
    """Raise Misconception where a parameter is not as it should be.

    rates: the learning rates right after the call. suspect: what the call changed outside the part.
    """
    frozen = inside(before.values, part)
    moved = frozen & set(comparisons.moved_since(model, before.values))
    if moved:
        raise why_part_moved(model, part, moved, before, rates, when)
    parameters = dict(model.named_parameters())
    for path in before.values.keys() - frozen:
        found = parameters.get(path)
        if found is None or not _almost(found, expected[path]):
            raise suspect or _why_not_expected(found, path, before, expected, when)


def _almost(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two tensors are the same up to rounding."""
    return comparisons.same(found, expected) or all_near(found, expected, 1e-6, 1e-5)


def _why_not_expected(
    found: torch.Tensor | None,
    path: str,
    before: Before,
    expected: dict[str, torch.Tensor],
    when: str,
) -> Misconception:
    if found is None:
        return wrong_result(
            f"{when}: expected that the model keeps its parameter {path}; it is gone"
        )
    should = (expected[path] - before.values[path]).abs().max()
    did = (found.detach() - before.values[path]).abs().max()
    return wrong_result(
        f"{when}: expected that {path}, outside the part, changes by up to {should:.4g}; it "
        f"changed by {did:.4g}"
    )


def unfreeze(answer: Answer, name: str, stage: str, lr: float, kind: str) -> None:
    """Raise Misconception unless the stage joins one optimizer of the head."""
    model = classifier(name)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    head = {"fc.weight": 1e-2, "fc.bias": 1e-2 if kind == "SGD" else 2e-2}
    groups = [{"params": [model.get_parameter(path)], "lr": rate} for path, rate in head.items()]
    if kind == "SGD":
        optimizer = torch.optim.SGD(model.fc.parameters(), lr=1e-2, momentum=0.9)
    else:
        optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    for _ in range(2):  # it keeps the gradients of the last step, as a loop does
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()
    memory = {path: memory_of(model.get_parameter(path), optimizer) for path in head}
    start = comparisons.snapshot(comparisons.tensors(model).items())
    condition = comparisons.condition(model)
    options = _options_of(optimizer)
    where = f"{kind}, {stage!r}"
    try:
        returned = answer(model, optimizer, stage, lr)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    made_anew = isinstance(returned, torch.optim.Optimizer) and returned is not optimizer
    expect_same_values(model, start, where)
    expect_each_once(optimizer)
    _expect_joined(model, optimizer, stage, lr, head, made_anew, where)
    expect_same_condition(model, condition, where)
    now = _options_of(optimizer)
    for path in head:
        place = id(model.get_parameter(path))
        for option, value in options[place].items():
            if now[place].get(option) != value:
                raise wrong_result(
                    f"{where}: expected that {path} trains on as before; its {option} was {value} "
                    f"and is {now[place].get(option)}"
                )
        lost = why_memory_lost(model.get_parameter(path), optimizer, memory[path], path)
        if lost:
            raise lost
    backward(model, name, call="unfreeze_stage")
    make_step(optimizer, where)
    names = [path for path, _ in model.named_parameters()]
    expected = inside(names, "fc") | inside(names, stage)
    unlike_expected = expected ^ set(comparisons.moved_since(model, start))
    if unlike_expected:
        path = min(unlike_expected)
        raise wrong_result(
            f"{where}: expected that the next step {'changes' if path in expected else 'keeps'} "
            f"{path}; it did not"
        )


def _options_of(optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Any]]:
    """Return {id of a parameter: the options of its group}, such as momentum and weight_decay."""
    found = {}
    for group in optimizer.param_groups:
        options = {key: value for key, value in group.items() if not key.startswith("param")}
        found |= {id(parameter): options for parameter in group["params"]}
    return copy.deepcopy(found)


def _expect_joined(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    stage: str,
    lr: float,
    head: dict[str, float],
    made_anew: bool,
    where: str,
) -> None:
    """Raise Misconception unless the optimizer holds the stage at `lr` and the head as before.

    head: its parameters and their learning rates. made_anew: the answer returned another optimizer.
    """
    rates = comparisons.learning_rates(optimizer)
    for path, parameter in model.named_parameters():
        in_stage = bool(inside([path], stage))
        if not in_stage and path not in head:
            if parameter.requires_grad:
                raise wrong_result(f"{where}: expected that only {stage} is unfrozen; so is {path}")
            continue
        if not parameter.requires_grad:
            if in_stage:
                raise Misconception(
                    "still-frozen", f"{where}: {path}: expected requires_grad=True; got False"
                )
            raise wrong_result(
                f"{where}: expected that the head trains on; {path} has requires_grad=False now"
            )
        if id(parameter) not in rates:
            raise Misconception(
                "optimizer-made-anew" if made_anew else "not-in-the-optimizer",
                f"{where}: expected that the optimizer which is training holds {path}; it is not "
                f"among its {in_tensors(len(rates))}{why_missing(optimizer.param_groups or ())}",
            )
        expect_rate(rates[id(parameter)], lr if in_stage else head[path], f"{where}, {path}")
