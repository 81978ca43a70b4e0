"""Lesson 02: what must be frozen, what must go on training, and why it does not."""

from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import nn

from course.checking import comparisons
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.lessons.lesson02.fixtures import Factory, names_with_gradient

Snapshot = dict[str, torch.Tensor]


def largest_change(path: str, model: nn.Module, start: Snapshot) -> float:
    """Return the largest change of the parameter at `path` since the snapshot `start`."""
    parameter = dict(model.named_parameters())[path]
    return (parameter.detach() - start[path]).abs().max().item()


def in_tensors(count: int) -> str:
    """Return "1 tensor" or "5 tensors"."""
    return "1 tensor" if count == 1 else f"{count} tensors"


def inside(paths: Iterable[str], part: str) -> set[str]:
    """Return those of the parameter names that belong to the module or parameter `part`."""
    return {path for path in paths if path == part or path.startswith(f"{part}.")}


def expect_no_lookalike(model: nn.Module, loose: Collection[str], where: str) -> None:
    """Raise Misconception if the answer has set something else in place of requires_grad.

    loose: names of the parameters that should be frozen and are not.
    """
    parameters = dict(model.named_parameters())
    for path in sorted(loose):
        for attribute in vars(parameters[path]):
            if "grad" in attribute:
                raise Misconception(
                    "requires-grad-misspelt",
                    f"{where}: {path} has a new attribute `{attribute}`, "
                    "and its requires_grad is still True",
                )
    for path, module in model.named_modules():
        if "requires_grad" in vars(module):
            value = vars(module)["requires_grad"]
            raise Misconception(
                "attribute-on-the-module",
                f"{where}: {path or 'the model'} has a new attribute requires_grad = {value}; "
                f"of what should rest, {in_tensors(len(loose))} can still learn",
            )
    if len(loose) > 1 and all(path.endswith("bias") for path in loose):
        raise Misconception(
            "biases-forgotten",
            f"{where}: the weights rest, but {first_and_more(sorted(loose))} "
            f"({len(loose)} biases) train on",
        )


def why_trained_moved(
    model: nn.Module, factory: Factory, moved: set[str], start: Snapshot
) -> Misconception:
    """Return why the trained parameters named `moved` moved in a step with all parameters.

    Raises Misconception where something was set in place of requires_grad.
    """
    first = min(moved)
    change = largest_change(first, model, start)
    what = f"two steps moved {len(moved)} trained tensors, {first} by {change:.2g}"
    expect_no_lookalike(model, moved, what)
    if not any(parameter.requires_grad for parameter in factory.head.parameters()):
        shape = tuple(factory.head.weight.shape)
        return Misconception(
            "froze-the-discarded-head",
            f"{what}. Frozen is the old head {shape}, which is no longer in the model",
        )
    if not factory.grad_enabled:
        return Misconception(
            "no-grad-as-freezing",
            f"{what}. It was built under no_grad, and its requires_grad is True",
        )
    if not model.training and len(moved) > 2:
        return Misconception("eval-as-freezing", f"{what}, although the model is in eval mode")
    return Misconception("backbone-not-frozen", what)


def expect_still(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    frozen: set[str],
    start: Snapshot,
    when: str,
    scheduled: bool = False,
) -> None:
    """Raise Misconception where a parameter in `frozen` has moved since the snapshot `start`.

    when: the steps since then, in words. scheduled: a scheduler has set the learning rates anew.
    """
    moved = set(comparisons.moved_since(model, start)) & frozen
    if not moved:
        return
    changes = {path: largest_change(path, model, start) for path in moved}
    first = max(sorted(moved), key=changes.get)  # sorted, so that a tie names the same in each run
    parameter = dict(model.named_parameters())[first]
    what = f"{when} moved {first} by {changes[first]:.2g}"
    expect_no_lookalike(model, moved, what)
    if all(path.endswith("bias") for path in moved):
        raise Misconception("biases-forgotten", what)
    if parameter.requires_grad:
        raise _why_trainable_moved(parameter, optimizer, what, scheduled)
    if parameter.grad is not None and parameter.grad.any():
        size = parameter.grad.abs().max()
        raise Misconception(
            "stale-gradient",
            f"{what}: it had a gradient of up to {size:.2g} from the backward before",
        )
    raise Misconception("zero-is-not-none", f"{what}, although its gradient is zero")


def _why_trainable_moved(
    parameter: nn.Parameter, optimizer: torch.optim.Optimizer, what: str, scheduled: bool
) -> Misconception:
    rate = comparisons.learning_rates(optimizer).get(id(parameter), 1)
    if scheduled and rate < 2e-5:  # the other groups are far above
        return Misconception(
            "rate-zero",
            f"{what}: it is still trainable, and the scheduler has raised its rate to {rate:.2g}",
        )
    return Misconception("backbone-not-frozen", f"{what}: it is still trainable")


def expect_others_learn(
    model: nn.Module, others: set[str], learning: set[str], asked: set[str], where: str
) -> None:
    """Raise Misconception where a parameter outside the part gets no gradient any more."""
    stuck = others - learning
    parameters = dict(model.named_parameters())
    cut_off = {path for path in stuck if parameters[path].requires_grad}
    if cut_off:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: no gradient comes through the frozen part any more "
            f"to {first_and_more(sorted(cut_off))}",
        )
    if stuck:
        raise Misconception(
            "prefix-too-greedy",
            f"{where}: expected {in_tensors(len(asked))}; "
            f"frozen are {len(stuck)} more, such as {min(stuck)}",
        )


def expect_part_frozen(
    model: nn.Module, part: str, asked: set[str], learning: set[str], where: str
) -> None:
    """Raise Misconception where a parameter of the part, named in `asked`, gets a gradient."""
    loose = asked & learning
    if not loose:
        return
    expect_no_lookalike(model, loose, where)
    if not model.get_submodule(part).training:
        raise Misconception(
            "eval-as-freezing",
            f"{where}: that part is in eval mode now, and {min(loose)} still gets a gradient",
        )
    if loose == asked:
        raise Misconception(
            "prefix-matches-nothing",
            f"{where}: nothing is frozen; {min(loose)} still gets a gradient",
        )
    raise Misconception(
        "backbone-not-frozen", f"{where}: {first_and_more(sorted(loose))} still gets a gradient"
    )


def expect_frozen_until(
    model: nn.Module,
    stage: str | None,
    asked: set[str],
    learning: set[str],
    frozen_before: set[str],
    call: str,
) -> None:
    """Raise Misconception unless all names in `asked` are frozen, and no others.

    learning: names that get a gradient. frozen_before: names that the call before has frozen.
    """
    loose = asked & learning
    if loose:
        what = f"{call}: still learning is {first_and_more(sorted(loose))}"
        expect_no_lookalike(model, loose, call)
        some_frozen = loose != asked
        if some_frozen and loose == inside(loose, stage):
            raise Misconception(
                "stage-left-out", f"{what}; expected everything up to and including {stage}"
            )
        if some_frozen and all(path.count(".") == 1 for path in loose):  # "bn1.weight"
            raise Misconception("layer-forgotten", f"{what}, which comes before {stage} or is it")
        raise Misconception("backbone-not-frozen", what)
    everything = {path for path, _ in model.named_parameters()}
    stuck = everything - asked - learning
    if stuck:
        raise Misconception(
            "never-unfreezes" if stuck <= frozen_before else "prefix-too-greedy",
            f"{call}: frozen, although it lies beyond, is {first_and_more(sorted(stuck))}",
        )


def expect_rest_untouched(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    rest: dict[str, nn.Parameter],
    memory: dict[str, dict[str, torch.Tensor]],
    name: str,
    where: str,
) -> None:
    """Raise Misconception unless everything outside the part can go on as before.

    memory: what the optimizer kept for each parameter of the rest before the answer ran.
    """
    for path, parameter in rest.items():
        if not _remembers(optimizer.state.get(parameter, {}), memory[path]):
            raise Misconception(
                "optimizer-made-anew", f"{where}: the optimizer's memory of {path} is gone"
            )
        if not parameter.requires_grad:
            raise Misconception("prefix-too-greedy", f"{where}: {path} is frozen too")
        if parameter.grad is None or not parameter.grad.any():
            raise wrong_result(
                f"{where}: the gradient of {path} is gone; "
                "the rest should take the step that is due"
            )
    gradients = {path: parameter.grad for path, parameter in model.named_parameters()}
    cut_off = set(rest) - names_with_gradient(model, name)
    for path, parameter in model.named_parameters():
        parameter.grad = gradients[path]
    if cut_off:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: no gradient comes through the frozen part any more "
            f"to {first_and_more(sorted(cut_off))}",
        )


def _remembers(state: dict[str, Any], memory: dict[str, torch.Tensor]) -> bool:
    """Return whether an optimizer's state of a parameter still holds the tensors in `memory`."""
    for key, value in memory.items():
        if key not in state or not torch.equal(state[key], value):
            return False
    return True


def expect_stage_joined(
    model: nn.Module, optimizer: torch.optim.Optimizer, stage: str, rate: float, made_anew: bool
) -> None:
    """Raise Misconception unless the optimizer trains the stage at `rate` and `fc` as before.

    made_anew: the answer returned another optimizer.
    """
    rates = comparisons.learning_rates(optimizer)
    for path, parameter in model.named_parameters():
        found = rates.get(id(parameter))
        if path.startswith(f"{stage}."):
            if not parameter.requires_grad:
                raise Misconception("stage-still-frozen", f"{path} does not require a gradient")
            if found is None:
                raise Misconception(
                    "optimizer-made-anew" if made_anew else "stage-not-in-optimizer",
                    f"{path} is unfrozen, but the optimizer that is training holds "
                    f"{in_tensors(len(rates))}, and not this one",
                )
            if found != rate:
                raise Misconception(
                    "one-rate-for-all", f"{path} learns at {found}; expected {rate}"
                )
        elif path.startswith("fc."):
            if found != 1e-2 or not parameter.requires_grad:
                raise Misconception(
                    "one-rate-for-all",
                    f"{path} learns at {found}; it had 0.01, and should keep it",
                )
        elif parameter.requires_grad:
            raise Misconception(
                "backbone-not-frozen", f"{path} requires a gradient; expected {stage} alone"
            )


def expect_two_rates(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    frozen: set[str],
    head_rate: float,
    backbone_rate: float,
) -> None:
    """Raise Misconception unless each trainable parameter learns at its rate, `fc` at head_rate."""
    rates = comparisons.learning_rates(optimizer)
    for path, parameter in model.named_parameters():
        if parameter.requires_grad == (path in frozen):
            raise wrong_result(
                f"{path} has requires_grad={parameter.requires_grad} now; "
                "expected an optimizer alone"
            )
        if path in frozen:
            continue
        if id(parameter) not in rates:
            raise Misconception(
                "stage-not-in-optimizer",
                f"{path} is trainable, but no group of your optimizer holds it",
            )
        rate = rates[id(parameter)]
        asked = head_rate if path.startswith("fc.") else backbone_rate
        if rate != asked:
            raise Misconception("one-rate-for-all", f"{path} learns at {rate}; expected {asked}")


def expect_each_once(optimizer: torch.optim.Optimizer) -> None:
    """Raise Misconception where the optimizer holds a parameter twice."""
    held = sum(len(group["params"]) for group in optimizer.param_groups)
    different = len(comparisons.learning_rates(optimizer))
    if different < held:
        raise Misconception(
            "parameter-twice",
            f"your groups hold {held} tensors, of which only {different} are different",
        )


def expect_no_second_group(problem: ValueError) -> None:
    """Raise Misconception where torch refused to take a parameter into a second group."""
    if "more than one parameter group" in str(problem):
        raise Misconception("parameter-twice", f"torch says: {problem}") from None
