"""Lesson 02, freeze: its nine checks."""

import functools
import itertools
from typing import Any

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
from course.checking.values import whole_number
from course.lessons.lesson02.counts import report_one_step
from course.lessons.lesson02.diagnosis import (
    expect_same_condition,
    expect_same_values,
    frozen_names,
    in_tensors,
    inside,
)
from course.lessons.lesson02.fixtures import (
    Factory,
    classifier,
    names_with_gradient,
    outputs,
    steps,
)
from course.lessons.lesson02.freezing import (
    expect_frozen_until,
    expect_others_learn,
    expect_part_frozen,
    why_wrong_count,
)
from course.lessons.lesson02.in_training import freeze_in_training, unfreeze
from course.lessons.lesson02.optimizers import two_rates, why_wrong_memory
from course.lessons.lesson02.probing import (
    Switches,
    expect_learns,
    expect_moves,
    moved_by_forward,
    network,
    probe_row,
)
from course.lessons.lesson02.trained_features import (
    expect_new_head_on_features,
    why_no_gradient,
    why_trained_moved,
)


@check
def probe(
    answer: Answer,
    names: tuple[str, ...] = ("narrow resnet18", "narrow squeezenet1_1", "a small network"),
) -> str:
    """Exercise 1: with requires_grad, eval() and no_grad(): can parameters train, do buffers move?

    What each switch does: torch's notes on autograd, "Locally disabling gradient computation"
    (https://pytorch.org/docs/stable/notes/autograd.html).
    Hidden: other families. SqueezeNet has no buffers.
    """
    for name in names:
        fresh = network(name).train()
        images = networks.images(name)
        moved = {mode: moved_by_forward(fresh, images, mode) for mode in ("train", "eval")}
        for values in itertools.product((False, True), repeat=3):
            switches = Switches(*values)
            model = networks.copied(fresh)
            learns, moves, read_buffers, row = probe_row(answer, model, images, switches, name)
            moving = moved["eval" if switches.evaluating else "train"]
            can_learn = not switches.frozen and not switches.without_grad
            if (learns, moves) == (bool(moving), can_learn) != (moves, learns):
                raise wrong_result(
                    f"{row}: expected ({can_learn}, {bool(moving)}), the pair (learns, moves); got "
                    f"({learns}, {moves}). Yours are in the other order"
                )
            expect_learns(learns, switches, row)
            buffers = len(list(fresh.buffers()))
            if not read_buffers and moving and not moves:
                raise Misconception(
                    "buffers-are-not-parameters",
                    f"{row}: expected moves=True, because {first_and_more(moving)} changed; got "
                    "False. Your function never lists the buffers: compare those of "
                    "model.named_buffers() before and after the forward",
                )
            expect_moves(moves, moving, buffers, switches, row, name == names[0])
    return f"the 8 rows of the table are right for {', '.join(names)}."


@check
def frozen_classifier(answer: Answer, name: str = "narrow resnet18", n: int = 4) -> str:
    """Exercise 2: build a ResNet of which an optimizer with all parameters moves the head alone.

    Hidden: other ResNets and another n.
    """
    factory = Factory(name)
    call = f"frozen_classifier({name}, {n})"
    model = answer(factory.make, n)
    expect(model, nn.Module, "the model")
    if factory.head is None:
        raise Misconception(
            "backbone-thrown-away",
            "expected that your function calls make(), which returns the model; it never did",
        )
    lazy = [path for path, each in model.named_parameters() if nn.parameter.is_lazy(each)]
    if lazy:
        raise wrong_result(
            f"{call}: expected parameters with values; {first_and_more(lazy, 'has', 'have')} none "
            "before the first forward, so nothing can be compared with it: run one forward in eval "
            "mode, or read in_features"
        )
    images, labels = networks.images(name, 4), torch.arange(4) % n
    expect_new_head_on_features(model, factory, images, n, call)
    trained_names: set[str] = set()
    new: set[str] = set()
    for path, parameter in model.named_parameters():
        is_trained = comparisons.fingerprint(parameter) in factory.trained
        (trained_names if is_trained else new).add(path)
    if not new:
        raise wrong_result("expected the new head's parameters in model.parameters(); got none")
    for make in (torch.optim.AdamW, torch.optim.SGD):
        optimizer = make(model.parameters(), lr=1e-2, weight_decay=1e-2)
        start = comparisons.snapshot(model.named_parameters())
        moved: set[str] = set()  # after any of the steps: a parameter can move and come back
        for _ in range(2):
            loss = F.cross_entropy(outputs(model, images, call), labels)
            if not loss.requires_grad:
                raise why_no_gradient(model, new, call)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            moved.update(comparisons.moved_since(model, start))
        if moved & trained_names:
            raise why_trained_moved(model, factory, moved & trained_names, trained_names, start)
        if new - moved:
            raise Misconception(
                "froze-the-new-head",
                f"{call}: expected that two steps change the whole new head; they did not change "
                f"{first_and_more(sorted(new - moved))}",
            )
        optimizer.zero_grad()
    return (
        f"two steps of an optimizer with all {in_tensors(len(start))} changed {len(moved)}, "
        "the new head's."
    )


@check
def step_report(
    answer: Answer,
    names: tuple[str, ...] = ("narrow resnet18", "narrow squeezenet1_1"),
    seed: int = 3,
) -> str:
    """Exercise 3: count which tensors a step changed: trainable, frozen, buffers.

    seed: chooses the tensors that a step changes whatever requires_grad says.
    Hidden: other families and another seed. SqueezeNet has no buffers.
    """
    count = 0
    for name in names:
        model = classifier(name)
        for parameter in list(model.parameters())[:-2]:
            parameter.requires_grad = False
        for what, step in steps(model, name, seed):
            report_one_step(answer, model, step, f"{name}, {what}")
            count += 1
    return f"{count} steps of {' and '.join(names)}: each tensor that changed is in your report."


@check
def freeze_part(
    answer: Answer,
    cases: tuple[tuple[str, str], ...] = (
        ("narrow resnet18", "conv1"),
        ("narrow mobilenet_v2", "features.1"),
        ("wrapped", "backbone.layer2"),
    ),
) -> str:
    """Exercise 4: freeze the part that a path names, and nothing else.

    Hidden: other networks and paths; `features.1` begins the names of `features.10` too.
    """
    worked_before = False
    conditions: list[tuple[nn.Module, dict[str, Any], str]] = []  # before the calls
    for name, part in cases:
        model = classifier(name).train()
        everything = [path for path, _ in model.named_parameters()]
        asked = inside(everything, part)
        others = set(everything) - asked
        frozen_before = {min(others), everything[-1]}  # they must stay frozen
        if len(asked) > 1:
            frozen_before.add(min(asked))
        for path in frozen_before:
            model.get_parameter(path).requires_grad = False
        start = comparisons.snapshot(comparisons.tensors(model).items())
        condition = comparisons.condition(model)
        where = f"{name}, {part!r}"
        result = answer(model, part)
        expect(result, nn.Module, f"the model ({where})")
        if result is not model:
            raise wrong_result(
                f"{where}: expected the model itself that was passed in; got another object, "
                f"a {type(result).__name__}"
            )
        expect_same_values(model, start, where)
        gone = set(everything) - {path for path, _ in model.named_parameters()}
        if gone:
            raise wrong_result(
                f"{where}: expected that the model keeps its parameters; "
                f"{first_and_more(sorted(gone))} is none any more"
            )
        unfrozen = frozen_before - frozen_names(model)
        if unfrozen:
            raise wrong_result(
                f"{where}: {min(unfrozen)} was frozen before the call; expected that it stays "
                "frozen, but its requires_grad is True now"
            )
        learning = names_with_gradient(model, name, call=where)
        expect_others_learn(model, others - frozen_before, learning, part, where)
        expect_part_frozen(model, part, asked - frozen_before, learning, worked_before, where)
        conditions.append((model, condition, where))
        worked_before = worked_before or "." not in part
    for model, condition, where in conditions:  # last, because other messages say more
        expect_same_condition(model, condition, where)
    parts = ", ".join(part for _, part in cases)
    return f"{parts}: each is frozen, and gradients reach everything else."


@check
def freeze_until(
    answer: Answer,
    name: str = "narrow resnet18",
    n: int = 4,
    stages: tuple[str | None, ...] = ("layer3", "bn1", "layer4", None, "layer2"),
) -> str:
    """Exercise 5: freeze a ResNet up to and including a stage, unfreeze the rest, count it.

    The stages are asked for one after another, on the same model. Then everything is frozen, the
    head too, and the first stage is asked for again.
    Hidden: other ResNets, n and order of stages.
    """
    model = classifier(name, n)
    if name != "narrow resnet18":
        model.fc = nn.Sequential(nn.Dropout(0.1), model.fc).eval()
    sizes = {path: parameter.numel() for path, parameter in model.named_parameters()}
    counts: list[str] = []
    before = ""
    for stage in (*stages, stages[0]):
        if len(counts) == len(stages):
            model.requires_grad_(False)
            before = " after all parameters were frozen"
        frozen_before = frozen_names(model)
        asked = _names_until(model, stage)
        call = f"freeze_until({name}, {stage!r}){before}"
        start = comparisons.snapshot(comparisons.tensors(model).items())
        condition = comparisons.condition(model)
        found = answer(model, stage)
        expect_same_values(model, start, call)
        learning = names_with_gradient(model, name, n, call)
        expect_frozen_until(model, stage, asked, learning, frozen_before, call)
        expect_same_condition(model, condition, call)
        expected = sum(size for path, size in sizes.items() if path not in asked)
        count = whole_number(found, f"{call} to return {expected:,}")
        if count != expected:
            raise why_wrong_count(model, count, asked, frozen_before, call)
        counts.append(f"{stage}: {expected:,}")
        before = f" after {stage!r}"
    return f"trainable numbers, frozen up to {', '.join(counts[:-1])}."


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
def two_learning_rates(
    answer: Answer,
    name: str = "narrow resnet18",
    head_lr: float = 3e-3,
    backbone_lr: float = 2e-4,
    stages: tuple[str | None, ...] = ("layer2", "layer4", None),
) -> str:
    """Exercise 6: an optimizer with a learning rate for the head and one for the backbone.

    stages: how far the model is frozen. Hidden: another ResNet and other learning rates.
    """
    for stage in stages:
        model = classifier(name)
        for path in _names_until(model, stage):
            model.get_parameter(path).requires_grad = False
        where = f"{name} frozen up to {stage}" if stage else f"{name} with nothing frozen"
        two_rates(answer, model, name, head_lr, backbone_lr, where)
    return (
        f"the head learns at {head_lr}, what is trainable of the backbone at {backbone_lr}, "
        "and what is frozen stays."
    )


@check
def adam_memory(
    answer: Answer,
    cases: tuple[tuple[str, str | None], ...] = (
        ("narrow resnet18", "layer2"),
        ("narrow resnet18", None),
    ),
) -> str:
    """Exercise 7: how many numbers do AdamW's averages hold for a partly frozen model?

    cases: (model, stage up to which it is frozen), None for every third tensor. AdamW keeps exp_avg
    and exp_avg_sq for each number that gets a gradient (torch.optim.AdamW; Loshchilov and Hutter,
    2019, "Decoupled weight decay regularization"). Hidden: other families.
    """
    for name, stage in cases:
        model = classifier(name)
        names = [path for path, _ in model.named_parameters()]
        for path in _names_until(model, stage) if stage else names[::3]:
            model.get_parameter(path).requires_grad = False
        numbers = comparisons.numbers_in(p for p in model.parameters() if p.requires_grad)
        where = (
            f"{name} frozen up to {stage}" if stage else f"{name} with every third tensor frozen"
        )
        result, changed = comparisons.changes_by(functools.partial(answer, model), model)
        expect_something(result, f"adam_memory({where})")
        if changed:
            raise Misconception(
                "model-left-changed",
                f"{where}: expected that adam_memory only counts, and leaves the model as it is; "
                f"{first_and_more(changed)}",
            )
        found = whole_number(result, f"the int {2 * numbers:,} for {where}")
        if found != 2 * numbers:
            raise why_wrong_memory(found, model, numbers, where)
    return f"{found:,} numbers for {where}: frozen parameters have no averages."


Case = tuple[str, str, str, str]  # network, part of it, optimizer, layout of its groups
FREEZE_CASES: tuple[Case, ...] = (
    ("narrow resnet18", "layer2", "SGD", "two groups"),
    ("narrow squeezenet1_1", "features.3", "AdamW", "one group"),
)


@check
def freeze_now(answer: Answer, cases: tuple[Case, ...] = FREEZE_CASES) -> str:
    """Exercise 8: freeze a part in mid-training, between a backward and its step.

    An optimizer skips a parameter whose gradient is None, and steps one whose gradient is 0
    (documentation of torch.optim.Optimizer.zero_grad).
    Hidden: another family and part, other optimizers and groups.
    """
    for case in cases:
        freeze_in_training(answer, *case)
    kinds = " and ".join(dict.fromkeys(kind for _, _, kind, _ in cases))
    return (
        f"the frozen parts stayed the same under {kinds}, with momentum, decay and a scheduler; "
        "all other parameters trained on."
    )


@check
def unfreeze_stage(
    answer: Answer,
    name: str = "narrow resnet18",
    cases: tuple[tuple[str, float, str], ...] = (
        ("layer4", 2e-4, "SGD"),
        ("layer3", 1e-3, "AdamW"),
    ),
) -> str:
    """Exercise 9: let an optimizer that is training the head train a stage as well.

    cases: stage, its learning rate, the optimizer. Hidden: another ResNet, other cases.
    """
    for stage, lr, kind in cases:
        unfreeze(answer, name, stage, lr, kind)
    stages = " and ".join(stage for stage, _, _ in cases)
    return f"{stages} joined, and the head kept its learning rate and its momentum."
