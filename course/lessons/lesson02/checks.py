"""Lesson 02, freeze: its nine checks."""

import copy
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.check import Answer, check, expect
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.lessons.lesson02.diagnosis import (
    expect_each_once,
    expect_frozen_until,
    expect_no_lookalike,
    expect_no_second_group,
    expect_others_learn,
    expect_part_frozen,
    expect_rest_untouched,
    expect_stage_joined,
    expect_still,
    expect_two_rates,
    inside,
    why_trained_moved,
)
from course.lessons.lesson02.fixtures import (
    Factory,
    backward,
    classifier,
    hidden_change,
    names_with_gradient,
    optimizer_of_two_groups,
    training_step,
)


class Switches(NamedTuple):
    """The settings of one row of exercise 1's table."""

    frozen: bool
    evaluating: bool
    without_grad: bool


@check
def probe(answer: Answer, names: tuple[str, ...] = ("resnet18", "squeezenet1_1")) -> str:
    """Exercise 1: with requires_grad, eval() and no_grad(): can weights train, do buffers move?

    What each switch does: torch's notes on autograd, "Locally disabling gradient computation"
    (https://pytorch.org/docs/stable/notes/autograd.html).
    Hidden: other families. SqueezeNet has no buffers.
    """
    for name in names:
        fresh = networks.build(name).train()
        images = networks.images(name)
        for values in itertools.product((False, True), repeat=3):
            _probe_row(answer, copy.deepcopy(fresh), images, Switches(*values), name)
    return f"8 rows of the table on {' and '.join(names)} are as you measured them."


def _probe_row(
    answer: Answer, model: nn.Module, images: torch.Tensor, switches: Switches, name: str
) -> None:
    """Raise Misconception unless the answer is right about one setting of the switches."""
    start = comparisons.snapshot(model.named_buffers())
    with torch.enable_grad():
        result = answer(model, images, *switches)
    expect_something(result, f"probe({name}, ...)")
    try:
        learns, moves = map(bool, result)
    except (TypeError, ValueError, RuntimeError):
        raise wrong_result(
            f"expected a pair of bools (learns, moves); you return {result!r:.60}"
        ) from None
    row = ", ".join([name, *(f"{switch}={value}" for switch, value in switches._asdict().items())])
    _expect_learns(learns, model, switches, row)
    _expect_moves(moves, model, switches, start, row)


def _expect_learns(learns: bool, model: nn.Module, switches: Switches, row: str) -> None:
    """Weights can train where they are not frozen and the forward records gradients."""
    if learns == (not switches.frozen and not switches.without_grad):
        return
    if switches.frozen:
        expect_no_lookalike(model, [path for path, _ in model.named_parameters()], row)
    only_evaluating = switches == Switches(frozen=False, evaluating=True, without_grad=False)
    can = "cannot" if learns else "can"
    raise Misconception(
        "eval-as-freezing" if only_evaluating else "wrong-result",
        f"{row}: you say learns={learns}; a loss on that output {can} train the weights",
    )


def _expect_moves(
    moves: bool,
    model: nn.Module,
    switches: Switches,
    start: dict[str, torch.Tensor],
    row: str,
) -> None:
    """Buffers move in train mode, where there are any. start: the buffers before the forward."""
    if moves == (bool(start) and not switches.evaluating):
        return
    if moves:
        raise Misconception(
            "wrong-result" if start else "answer-from-memory",
            f"{row}: you say that a buffer moved; none of its {len(start)} did",
        )
    moved = comparisons.moved_since(model, start)
    if moved:
        seen = f"{moved[0]} and {len(moved) - 1} others did"
    else:
        seen = "in train mode some do: run the forward and look"
    switched = switches.frozen or switches.without_grad
    raise Misconception(
        "buffers-are-not-weights" if switched else "snapshot-without-clone",
        f"{row}: you say that no buffer moved; {seen}",
    )


@check
def frozen_classifier(answer: Answer, name: str = "resnet18", n: int = 4) -> str:
    """Exercise 2: build a ResNet of which an optimizer with all parameters moves the head alone.

    Hidden: another ResNet and another n.
    """
    factory = Factory(name)
    model = answer(factory.make, n)
    torch.set_grad_enabled(True)
    expect(model, nn.Module, "the model")
    trained = _trained_names(model, factory)
    new = dict(model.named_parameters()).keys() - trained
    images, labels = networks.images(name, 4), torch.arange(4) % n
    if model(images).shape != (4, n):
        raise wrong_result(f"4 pictures give {tuple(model(images).shape)}; expected (4, {n})")
    for make_optimizer in (torch.optim.AdamW, torch.optim.SGD):
        optimizer = make_optimizer(model.parameters(), lr=1e-2, weight_decay=1e-2)
        start = comparisons.snapshot(model.named_parameters())
        for _ in range(2):
            loss = F.cross_entropy(model(images), labels)
            if not loss.requires_grad:
                raise Misconception(
                    "froze-the-new-head",
                    f"nothing requires a gradient, not even {min(new, default='the head')}",
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        moved = set(comparisons.moved_since(model, start))
        if moved & trained:
            raise why_trained_moved(model, factory, moved & trained, start)
        if not moved & new:
            raise Misconception(
                "froze-the-new-head",
                f"two steps moved nothing: {min(new, default='the new head')} does not learn",
            )
        optimizer.zero_grad()
    return (
        f"two steps with all {len(start)} tensors in the optimizer moved {len(moved)}, "
        "the new head's."
    )


def _trained_names(model: nn.Module, factory: Factory) -> set[str]:
    """Return the names of the parameters that the factory made.

    Raises Misconception unless most of them are in the model, and the old head is not.
    """
    if factory.head is None:
        raise Misconception(
            "backbone-thrown-away",
            "your function never called make(): the trained weights are not in the model",
        )
    if any(parameter is factory.head.weight for parameter in model.parameters()):
        raise Misconception(
            "stacked-on-logits",
            f"the old head, {tuple(factory.head.weight.shape)}, is still in the model",
        )
    names = set()
    for path, parameter in model.named_parameters():
        if comparisons.fingerprint(parameter) in factory.trained:
            names.add(path)
    if len(names) < len(factory.trained) // 2:
        raise Misconception(
            "backbone-thrown-away",
            f"only {len(names)} of the trained tensors are left in your model",
        )
    return names


LINES = ("trainable", "frozen", "buffers")  # the keys of exercise 3's dict
Counts = dict[str, tuple[int, int]]  # key: (tensors that moved, of how many)


@check
def bill(
    answer: Answer, name: str = "resnet18", upto: int = 60, seeds: tuple[int, ...] = (3,)
) -> str:
    """Exercise 3: count which tensors a step changed: trainable, frozen, buffers.

    upto: how many parameter tensors are frozen, from the first on. seeds: of steps that change
    tensors whatever requires_grad says. Hidden: another family, `upto` and seeds.
    """
    for seed in (None, *seeds):
        model = classifier(name)
        for parameter in list(model.parameters())[:upto]:
            parameter.requires_grad = False
        if seed is None:
            step = training_step(model, name)
        else:
            step = hidden_change(model, seed)
        _count_one_step(answer, model, step, name)
    changes = f"{len(seeds)} secret change{'s' if len(seeds) > 1 else ''}"
    return f"a training step and {changes} of {name}: every moved tensor is on your bill."


def _count_one_step(answer: Answer, model: nn.Module, step: Callable[[], None], name: str) -> None:
    """Raise Misconception unless the answer runs `step` once and counts what it moved."""
    calls = []

    def counted_step() -> None:
        calls.append(1)
        step()

    start = comparisons.snapshot(comparisons.tensors(model).items())
    found = answer(model, counted_step)
    expect_something(found, f"bill({name}, step)")
    if len(calls) != 1:
        raise wrong_result(f"step() ran {len(calls)} times; a bill is for one")
    _expect_counts(found, _count_moved(model, start), name)


def _count_moved(model: nn.Module, start: dict[str, torch.Tensor]) -> Counts:
    """Return how many tensors of each line have moved since the snapshot, and how many it has."""
    parameters = dict(model.named_parameters())
    moved = dict.fromkeys(LINES, 0)
    total = dict.fromkeys(LINES, 0)
    for path, tensor in comparisons.tensors(model).items():
        if path not in parameters:
            line = "buffers"
        elif tensor.requires_grad:
            line = "trainable"
        else:
            line = "frozen"
        total[line] += 1
        if not torch.equal(tensor, start[path]):
            moved[line] += 1
    return {line: (moved[line], total[line]) for line in LINES}


def _expect_counts(found: Any, expected: Counts, name: str) -> None:
    """Raise Misconception unless `found` holds the expected counts."""
    try:
        said = {line: (int(found[line][0]), int(found[line][1])) for line in LINES}
    except (TypeError, KeyError, IndexError, ValueError):
        without_buffers = isinstance(found, dict) and "buffers" not in found
        raise Misconception(
            "parameters-only" if without_buffers else "wrong-result",
            f"expected a dict with {', '.join(map(repr, LINES))}, a pair (moved, of how many) "
            f"each; you return {found!r:.80}",
        ) from None
    if said != expected:
        raise _why_wrong_counts(said, expected, name)


def _why_wrong_counts(said: Counts, expected: Counts, name: str) -> Misconception:
    line = next(line for line in LINES if said[line] != expected[line])
    moved, total = said[line]
    what = (
        f"{name}, {line}: you say {moved:,} of {total:,}; "
        f"{expected[line][0]} of {expected[line][1]} tensors moved"
    )
    buffers = expected["buffers"][1]
    if buffers and said["buffers"][1] == 0:
        return Misconception(
            "parameters-only", f"{what}; your bill knows none of the {buffers} buffers"
        )
    if all(said[line][0] == 0 for line in LINES):
        return Misconception("snapshot-without-clone", what)
    frozen_moved, frozen = expected["frozen"]
    if frozen_moved > 0 and said["frozen"] == (0, frozen):
        return Misconception("trusted-not-measured", what)
    if any(said[line][1] > 10 * expected[line][1] for line in LINES):
        what += " (count tensors, not the numbers in them)"
    return wrong_result(what)


@check
def freeze_part(
    answer: Answer,
    cases: tuple[tuple[str, str], ...] = (
        ("resnet18", "conv1"),
        ("mobilenet_v3_small", "features.1"),
        ("wrapped", "backbone.layer2"),
    ),
) -> str:
    """Exercise 4: freeze the part that a path names, and nothing else.

    Hidden: other networks and paths; `features.1` begins the names of `features.10` too.
    """
    for name, part in cases:
        model = classifier(name).train()
        everything = [path for path, _ in model.named_parameters()]
        frozen_before = everything[-1]  # it must stay frozen
        dict(model.named_parameters())[frozen_before].requires_grad = False
        where = f"{name}, {part}"
        result = answer(model, part)
        expect(result, nn.Module, f"the model ({where})")
        learning = names_with_gradient(model, name)
        asked = inside(everything, part)
        expect_others_learn(
            model, set(everything) - asked - {frozen_before}, learning, asked, where
        )
        expect_part_frozen(model, part, asked, learning, where)
        if frozen_before in learning:
            raise wrong_result(f"{where}: {frozen_before} was frozen before and has been unfrozen")
    return f"in {len(cases)} networks that part rests, and gradients reach everything else."


@check
def freeze_until(
    answer: Answer,
    name: str = "resnet18",
    n: int = 4,
    stages: tuple[str | None, ...] = ("layer3", "bn1", "layer4", None, "layer2"),
) -> str:
    """Exercise 5: freeze a ResNet up to and including a stage, unfreeze the rest, count it.

    The stages are asked for one after another, on the same model.
    Hidden: another ResNet, n and order of stages.
    """
    model = classifier(name, n)
    sizes = {path: parameter.numel() for path, parameter in model.named_parameters()}
    counts = []
    frozen_before: set[str] = set()
    call_before = ""
    for stage in stages:
        asked = _names_until(model, stage)
        call = f"freeze_until({name}, {stage!r})"
        found = answer(model, stage)
        learning = names_with_gradient(model, name, n)
        expect_frozen_until(model, stage, asked, learning, frozen_before, call + call_before)
        expected = sum(size for path, size in sizes.items() if path not in asked)
        expect_something(found, call + call_before)
        if found != expected:
            tensors = len(sizes) - len(asked)
            raise Misconception(
                "tensors-not-numbers" if found == tensors else "wrong-result",
                f"{call}{call_before}: you say {found:,}; "
                f"trainable are {expected:,} numbers in {tensors} tensors",
            )
        counts.append(f"{stage} {expected:,}")
        frozen_before, call_before = asked, f" after {stage!r}"
    return f"trainable after freezing until {', '.join(counts)}."


def _names_until(model: nn.Module, stage: str | None) -> set[str]:
    """Return the names of the parameters up to and including a child; none for None."""
    names: set[str] = set()
    if stage is None:
        return names
    for child, module in model.named_children():
        names |= {f"{child}.{path}" for path, _ in module.named_parameters()}
        if child == stage:
            break
    return names


@check
def two_speeds(
    answer: Answer,
    name: str = "resnet18",
    n: int = 4,
    head_rate: float = 3e-3,
    backbone_rate: float = 3e-4,
    rest: tuple[str, ...] = ("conv1", "bn1", "layer1", "layer2"),
) -> str:
    """Exercise 6: an optimizer with a learning rate for the head and one for the backbone.

    rest: the parts that are frozen. Hidden: another ResNet, n, rates and frozen parts.
    """
    model = classifier(name, n)
    for part in rest:
        model.get_submodule(part).requires_grad_(False)
    frozen = {path for path, p in model.named_parameters() if not p.requires_grad}
    try:
        optimizer = answer(model, head_rate, backbone_rate)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    expect_each_once(optimizer)
    expect_two_rates(model, optimizer, frozen, head_rate, backbone_rate)
    start = comparisons.snapshot(model.named_parameters())
    backward(model, name, n)
    optimizer.step()
    moved = frozen & set(comparisons.moved_since(model, start))
    if moved:
        raise Misconception(
            "backbone-not-frozen",
            f"a step of your optimizer moved {first_and_more(sorted(moved))}, which was frozen",
        )
    body = len(start) - len(frozen) - 2  # without the head's weight and bias
    return (
        f"the head learns at {head_rate}, {body} tensors of the backbone at {backbone_rate}, "
        f"and {len(frozen)} rest."
    )


@check
def adam_memory(
    answer: Answer,
    cases: tuple[tuple[str, str], ...] = (("resnet18", "layer2"), ("resnet18", "layer4")),
) -> str:
    """Exercise 7: how many numbers do AdamW's averages hold for a partly frozen model?

    cases: (model, stage up to which it is frozen). AdamW keeps exp_avg and exp_avg_sq for each
    number that gets a gradient (torch.optim.AdamW; Loshchilov and Hutter, 2019, "Decoupled weight
    decay regularization"). Hidden: another ResNet and stage.
    """
    for name, stage in cases:
        model = classifier(name)
        for child, module in model.named_children():
            module.requires_grad_(False)
            if child == stage:
                break
        total = comparisons.numbers_in(model.parameters())
        trainable = comparisons.numbers_in(p for p in model.parameters() if p.requires_grad)
        where = f"{name} frozen until {stage}"
        found = answer(model)
        expect_something(found, f"{where}: adam_memory")
        if found != 2 * trainable:
            raise _why_wrong_memory(found, total, trainable, where)
    return f"{found:,} numbers for {where}: what gets no gradient costs nothing."


def _why_wrong_memory(found: int, total: int, trainable: int, where: str) -> Misconception:
    what = (
        f"{where}: you say {found:,}; {total - trainable:,} numbers are frozen, "
        f"and AdamW keeps {2 * trainable:,}"
    )
    with_frozen = found in (2 * total, total, 3 * total)
    if found == trainable:
        what += " (two averages for each)"
    elif 0 < found < 1000:
        what += " (count numbers, not tensors)"
    return Misconception("frozen-costs-memory" if with_frozen else "wrong-result", what)


@check
def freeze_now(
    answer: Answer,
    name: str = "resnet18",
    part: str = "layer2",
    optimizers: tuple[str, ...] = ("SGD", "AdamW"),
) -> str:
    """Exercise 8: freeze a part in mid-training, between a backward and its step.

    An optimizer skips a parameter whose gradient is None, and steps one whose gradient is 0
    (documentation of torch.optim.Optimizer.zero_grad).
    Hidden: another family and part, the optimizers in another order.
    """
    for kind in optimizers:
        _freeze_in_training(answer, name, part, kind)
    return (
        f"{part} stood still to the bit under {' and '.join(optimizers)}, "
        "through momentum, decay and schedule; the rest went on."
    )


def _freeze_in_training(answer: Answer, name: str, part: str, kind: str) -> None:
    """Raise Misconception unless the part stands still, and the rest trains on, under one
    optimizer.
    """
    model = classifier(name)
    optimizer, rest = optimizer_of_two_groups(model, part, kind)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8, eta_min=1e-5)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()
    optimizer.zero_grad()
    backward(model, name)
    memory = {path: _memory_of(parameter, optimizer) for path, parameter in rest.items()}
    start = comparisons.snapshot(model.named_parameters())
    answer(model, optimizer, part)
    expect_rest_untouched(model, optimizer, rest, memory, name, f"{kind}, {part}")
    frozen = inside(start, part)
    optimizer.step()
    expect_still(model, optimizer, frozen, start, f"{kind}: the step right after freeze_now")
    scheduler.step()
    for _ in range(2):
        optimizer.zero_grad(set_to_none=False)
        backward(model, name)
        optimizer.step()
        scheduler.step()
    when = f"{kind}: the next steps, with a scheduler,"
    expect_still(model, optimizer, frozen, start, when, scheduled=True)
    stuck = set(start) - frozen - set(comparisons.moved_since(model, start))
    if stuck:
        raise wrong_result(
            f"{kind}: {first_and_more(sorted(stuck))} lies outside {part}, "
            "so it should have gone on learning"
        )


def _memory_of(
    parameter: nn.Parameter, optimizer: torch.optim.Optimizer
) -> dict[str, torch.Tensor]:
    """Return clones of the tensors that the optimizer keeps for a parameter, such as momentum."""
    state = optimizer.state[parameter].items()
    return {key: value.clone() for key, value in state if torch.is_tensor(value)}


@check
def thaw(
    answer: Answer,
    name: str = "resnet18",
    n: int = 4,
    stage: str = "layer4",
    rate: float = 2e-4,
) -> str:
    """Exercise 9: let a stage join an optimizer that is training the head.

    Hidden: another ResNet, n, stage and rate.
    """
    model = classifier(name, n)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=1e-2, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        backward(model, name, n)
        optimizer.step()
    optimizer.zero_grad()
    momentum = optimizer.state[model.fc.weight]["momentum_buffer"].clone()
    try:
        returned = answer(model, optimizer, stage, rate)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    made_anew = isinstance(returned, torch.optim.Optimizer) and returned is not optimizer
    expect_stage_joined(model, optimizer, stage, rate, made_anew)
    now = optimizer.state.get(model.fc.weight, {}).get("momentum_buffer")
    if now is None or not torch.equal(now, momentum):
        raise Misconception(
            "optimizer-made-anew",
            f"the momentum of fc.weight was up to {momentum.abs().max():.2g} before the call, "
            "and is gone",
        )
    start = comparisons.snapshot(model.named_parameters())
    backward(model, name, n)
    optimizer.step()
    moved = {path.split(".")[0] for path in comparisons.moved_since(model, start)}
    if moved != {"fc", stage}:
        raise wrong_result(
            f"the next step moved {', '.join(sorted(moved)) or 'nothing'}; expected {stage} and fc"
        )
    return f"{stage} has joined at {rate}, the head kept its rate and its momentum."
