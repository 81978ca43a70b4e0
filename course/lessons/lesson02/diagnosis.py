"""Lesson 02: what must be frozen, what must go on training, and why it does not."""

import math
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checking import comparisons, values
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.lessons.lesson02.fixtures import Factory

Snapshot = dict[str, torch.Tensor]
# words in the names of attributes that people set in place of requires_grad
LOOKALIKES = ("grad", "trainable", "frozen", "freeze")


def largest_change(path: str, model: nn.Module, start: Snapshot) -> float:
    """Return the largest change of the tensor at `path` since the snapshot `start`.

    It is infinite where the tensor is gone.
    """
    now = comparisons.tensors(model).get(path)
    return math.inf if now is None else (now.detach() - start[path]).abs().max().item()


def in_tensors(count: int) -> str:
    """Return "1 tensor" or "5 tensors"."""
    return "1 tensor" if count == 1 else f"{count} tensors"


def inside(paths: Iterable[str], part: str) -> set[str]:
    """Return those of the parameter names that belong to the module or parameter `part`."""
    return {path for path in paths if path == part or path.startswith(f"{part}.")}


def expect_same_values(model: nn.Module, start: dict[str, torch.Tensor], where: str) -> None:
    """Raise Misconception where a tensor's values have changed since the snapshot `start`."""
    changed = comparisons.moved_since(model, start)
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that all values stay; {first_and_more(changed)} changed",
        )


def expect_same_condition(model: nn.Module, before: dict[str, Any], where: str) -> None:
    """Raise Misconception where an option, a hook, a layer or a mode has changed.

    `before` is the model's condition. requires_grad is not compared, and a part that is frozen may
    be put into eval mode.
    """
    changed = []
    for sentence in comparisons.differences(
        before, comparisons.condition(model), but=("requires_grad",)
    ):
        if not sentence.endswith("training was True and is False"):
            changed.append(sentence)
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{where}: expected that nothing else changes; {first_and_more(changed)}",
        )


def frozen_names(model: nn.Module) -> set[str]:
    """Return the names of the parameters that do not require a gradient."""
    return {path for path, parameter in model.named_parameters() if not parameter.requires_grad}


def expect_no_lookalike(model: nn.Module, loose: Collection[str], where: str) -> None:
    """Raise Misconception if the answer has set something else in place of requires_grad.

    loose: names of the parameters that should be frozen and are not.
    """
    parameters = dict(model.named_parameters())
    for path in sorted(loose):
        for attribute in vars(parameters[path]):
            if any(word in attribute for word in LOOKALIKES) and parameters[path].requires_grad:
                raise Misconception(
                    "requires-grad-misspelt",
                    f"{where}: {path} has a new attribute `{attribute}`, "
                    "and its requires_grad is still True",
                )
    for path, module in model.named_modules():
        for attribute, value in vars(module).items():
            if any(word in attribute for word in LOOKALIKES):
                raise Misconception(
                    "attribute-on-the-module",
                    f"{where}: {path or 'the model'} has a new attribute "
                    f"{attribute} = {value!r:.40}; of what you were asked to freeze, "
                    f"{in_tensors(len(loose))} can still change",
                )


def expect_more_than_weights(loose: Collection[str], asked: Collection[str], what: str) -> None:
    """Raise Misconception if only the biases of what was asked are still trainable."""
    biases = {path for path in asked if path.endswith("bias")}
    if biases == set(loose) < set(asked):
        raise Misconception("biases-forgotten", what)


def why_trained_moved(
    model: nn.Module, factory: Factory, moved: set[str], trained: set[str], start: Snapshot
) -> Misconception:
    """Return why the trained parameters named `moved` changed in a step with all parameters.

    trained: the names of all trained parameters. Raises Misconception where something was set in
    place of requires_grad.
    """
    first = min(moved)
    change = largest_change(first, model, start)
    what = (
        "expected that two steps change the new head alone; they changed "
        f"{len(moved)} trained parameters, {first} by {change:.2g}"
    )
    expect_no_lookalike(model, moved, what)
    expect_more_than_weights(moved, trained, what)
    gradients = [model.get_parameter(path).grad for path in moved]
    if all(gradient is not None and not gradient.any() for gradient in gradients):
        return Misconception("zero-is-not-none", f"{what}, although their gradients are zero")
    if moved != trained:
        return Misconception("backbone-not-frozen", what)
    assert factory.head is not None
    if not any(parameter.requires_grad for parameter in factory.head.parameters()):
        shape = tuple(factory.head.weight.shape)
        return Misconception(
            "froze-the-discarded-head",
            f"{what}. The old head, with a weight of shape {shape}, has requires_grad=False, "
            "but it is no longer in the model",
        )
    if not factory.grad_enabled:
        return Misconception(
            "no-grad-as-freezing",
            f"{what}. You called make() under no_grad, and requires_grad is True",
        )
    if not model.training:
        return Misconception("eval-as-freezing", f"{what}, although the model is in eval mode")
    return Misconception("backbone-not-frozen", what)


def why_no_gradient(model: nn.Module, new: set[str], call: str) -> Misconception:
    """Return why a model's outputs have no gradient. new: names of the new head's parameters."""
    trainable = new - frozen_names(model)
    if not trainable:
        return Misconception(
            "froze-the-new-head",
            f"{call}: {min(new)} of the new head: expected requires_grad=True; got False, as for "
            "all parameters",
        )
    return wrong_result(
        f"{call}: expected that a backward reaches the new head; the outputs of your model have no "
        f"gradient, although {min(trainable)} has requires_grad=True: is the new head run under "
        "no_grad, or are its outputs detached?"
    )


def why_wrong_count(
    model: nn.Module, count: int, asked: set[str], frozen_before: set[str], call: str
) -> Misconception:
    """Return the Misconception behind a wrong count of the trainable numbers.

    asked, frozen_before: the names that had to be frozen, and those that were before the call.
    """
    sizes = {path: parameter.numel() for path, parameter in model.named_parameters()}
    trainable = {path: size for path, size in sizes.items() if path not in asked}
    frozen_parts = {path.split(".")[0] for path in asked}
    buffers = sum(
        buffer.numel()
        for path, buffer in model.named_buffers()
        if path.split(".")[0] not in frozen_parts
    )
    weights = sum(size for path, size in trainable.items() if not path.endswith("bias"))
    before = sum(size for path, size in sizes.items() if path not in frozen_before)
    head = sum(size for path, size in trainable.items() if path.startswith("fc."))
    expected, total = sum(trainable.values()), sum(sizes.values())
    thoughts = {
        weights: ("biases-not-counted", " (without the biases)"),
        expected + buffers: ("buffers-counted", " (with buffers)"),
        before: ("wrong-result", " (of those that were trainable before the call)"),
        total: (
            "wrong-result",
            f" (of all parameters{', as before the call' * (before == total)})",
        ),
        total - expected: ("wrong-result", " (of the frozen ones)"),
        expected - head: ("wrong-result", " (without the head)"),
        len(trainable): ("tensors-not-numbers", ""),
    }
    code, thought = thoughts.get(count, ("wrong-result", ""))
    return Misconception(
        code,
        f"{call}: expected {expected:,} trainable numbers, in {len(trainable)} tensors; got "
        f"{count:,}{thought}",
    )


def expect_others_learn(
    model: nn.Module, others: set[str], learning: set[str], part: str, where: str
) -> None:
    """Raise Misconception where a parameter outside the part gets no gradient any more."""
    stuck = others - learning
    cut_off = stuck - frozen_names(model)
    if cut_off and cut_off == stuck:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{where}: expected that gradients pass through the frozen part; none reaches "
            f"{first_and_more(sorted(cut_off))} any more",
        )
    stuck -= cut_off
    if stuck:
        raise Misconception(
            "prefix-too-greedy" if all(part in path for path in stuck) else "wrong-result",
            f"{where}: expected that only {part} becomes frozen; you also froze "
            f"{in_tensors(len(stuck))} outside it, such as {min(stuck)}",
        )


def expect_part_frozen(
    model: nn.Module,
    part: str,
    asked: set[str],
    learning: set[str],
    worked_before: bool,
    where: str,
) -> None:
    """Raise Misconception where a parameter of the part gets a gradient.

    asked: names of the part's parameters that were trainable before. learning: names that get a
    gradient. worked_before: the answer has frozen another part, whose path has no dot.
    """
    loose = asked & learning
    if not loose:
        return
    expect_no_lookalike(model, loose, where)
    what = (
        f"{where}: expected {in_tensors(len(asked))} frozen; {len(loose)} can still be trained, "
        f"such as {min(loose)}"
    )
    expect_more_than_weights(loose, asked, what)
    if loose == asked and not model.get_submodule(part).training:
        raise Misconception("eval-as-freezing", f"{what}; the part is in eval mode")
    if loose == asked and worked_before and not frozen_names(model) & asked:
        raise Misconception("prefix-matches-nothing", what)
    raise Misconception("part-not-frozen", what)


def expect_frozen_until(
    model: nn.Module,
    stage: str | None,
    asked: set[str],
    learning: set[str],
    frozen_before: set[str],
    call: str,
) -> None:
    """Raise Misconception unless all names in `asked` are frozen, and no others.

    learning: names that get a gradient. frozen_before: names that were frozen before the call.
    """
    everything = {path for path, _ in model.named_parameters()}
    loose = asked & learning
    stuck = everything - asked - learning
    if loose:
        what = (
            f"{call}: expected {in_tensors(len(asked))} frozen; {len(loose)} can still be trained, "
            f"such as {min(loose)}"
        )
        expect_no_lookalike(model, loose, call)
        expect_more_than_weights(loose, asked, what)
        some_frozen = loose != asked
        if stage and some_frozen and loose == inside(asked, stage):
            raise Misconception("stage-left-out", what)
        if some_frozen and loose == inside(asked, "bn1"):
            raise Misconception("layer-forgotten", what)
        raise Misconception("part-not-frozen", what)
    cut_off = stuck - frozen_names(model)
    if cut_off:
        raise Misconception(
            "freezing-blocks-gradients",
            f"{call}: expected gradients for all that is not frozen; none reaches "
            f"{first_and_more(sorted(cut_off))}, with requires_grad=True",
        )
    if stuck:
        what = f"{call}: expected trainable, got frozen: {first_and_more(sorted(stuck))}"
        if stuck <= frozen_before:
            raise Misconception("never-unfreezes", f"{what}, which had been frozen before the call")
        words = {path.split(".")[0] for path in asked}
        greedy = all(any(word in path for word in words) for path in stuck)
        raise Misconception("prefix-too-greedy" if greedy else "wrong-result", what)


class Before(NamedTuple):
    """What exercise 8 needs to know of the moment before the answer ran."""

    values: Snapshot  # of all parameters
    gradients: Snapshot
    memory: dict[str, dict[str, torch.Tensor]]  # what the optimizer keeps for each parameter
    rates: dict[int, float]  # {id of a parameter: its learning rate}
    frozen: set[str]


def before_freezing(model: nn.Module, optimizer: torch.optim.Optimizer) -> Before:
    """Return the state of a model and its optimizer in mid-training."""
    named = dict(model.named_parameters())
    return Before(
        comparisons.snapshot(named.items()),
        {path: p.grad.clone() for path, p in named.items() if p.grad is not None},
        {path: memory_of(parameter, optimizer) for path, parameter in named.items()},
        comparisons.learning_rates(optimizer),
        frozen_names(model),
    )


def why_part_moved(
    model: nn.Module,
    part: str,
    moved: set[str],
    before: Before,
    rates: dict[int, float],
    when: str,
) -> Misconception:
    """Return why parameters of the part, named in `moved`, changed after freeze_now.

    rates: the learning rates right after the call. when: the steps since then, in words.
    """
    changes = {path: largest_change(path, model, before.values) for path in moved}
    first = max(
        sorted(moved), key=changes.__getitem__
    )  # sorted, so that a tie names the same in each run
    parameters = dict(model.named_parameters())
    if first not in parameters:
        return wrong_result(
            f"{when}: expected that {first} stays the same parameter of the model; it is none any "
            "more, and the optimizer still holds it"
        )
    parameter = parameters[first]
    what = f"{when}: expected that {first} stays the same; it changed by {changes[first]:.2g}"
    expect_no_lookalike(model, moved, what)
    expect_more_than_weights(moved, inside(parameters, part) - before.frozen, what)
    if rates.get(id(parameter)) == 0:
        return Misconception("learning-rate-zero", f"{what}; you set its learning rate to 0")
    if parameter.requires_grad:
        return Misconception("part-not-frozen", f"{what}: its requires_grad is still True")
    if parameter.grad is not None and parameter.grad.any():
        size = parameter.grad.abs().max()
        return Misconception(
            "stale-gradient",
            f"{what}: its gradient, up to {size:.2g}, was still there from the backward before",
        )
    if parameter.grad is not None:
        return Misconception("zero-is-not-none", f"{what}, although its gradient is zero")
    return Misconception("part-not-frozen", what)


def why_rest_differs(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    part: str,
    before: Before,
    where: str,
) -> Misconception | None:
    """Return what the call changed outside the part, None if nothing."""
    rates = comparisons.learning_rates(optimizer)
    names = {path for path, _ in model.named_parameters()}
    stuck = frozen_names(model) - before.frozen - inside(names, part)
    greedy = all(part in path or path.startswith(part[:-1]) for path in stuck)
    for path, parameter in model.named_parameters():
        if inside([path], part):
            continue
        what = f"{where}: expected that {path}, outside the part, stays as it is"
        if id(parameter) not in rates:
            return Misconception(
                "not-in-the-optimizer", f"{what}; the optimizer no longer holds it"
            )
        lost = why_memory_lost(parameter, optimizer, before.memory[path], f"{where}: {path}")
        if lost:
            return lost
        rate, old_rate = rates[id(parameter)], before.rates[id(parameter)]
        if rate != old_rate:
            return Misconception(
                "learning-rate-zero" if rate == 0 else "wrong-learning-rate",
                f"{what}; its learning rate was {old_rate:.3g} and is {rate:.3g}",
            )
        if path in stuck:
            return Misconception(
                "prefix-too-greedy" if greedy else "wrong-result",
                f"{what}; you froze it, and {len(stuck)} outside the part in all",
            )
        if parameter.requires_grad and path in before.frozen:
            return wrong_result(f"{what}; it was frozen before, and you unfroze it")
        if not comparisons.same(parameter.detach(), before.values[path]):
            return wrong_result(f"{what}; the call changed its values")
        if path in before.gradients and parameter.grad is None:
            return wrong_result(f"{what}; its gradient is gone, which the next step needs")
        if path in before.gradients and not comparisons.same(
            parameter.grad, before.gradients[path]
        ):
            return wrong_result(f"{what}; the call changed its gradient")
    return None


def memory_of(parameter: nn.Parameter, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return clones of the tensors that the optimizer keeps for a parameter, such as momentum."""
    state = optimizer.state.get(parameter, {}).items()
    return {key: value.clone() for key, value in state if torch.is_tensor(value)}


def why_memory_lost(
    parameter: nn.Parameter,
    optimizer: torch.optim.Optimizer,
    memory: dict[str, torch.Tensor],
    what: str,
) -> Misconception | None:
    """Return what the optimizer no longer keeps for a parameter, None if it keeps everything.

    memory: the `memory_of` the parameter before the answer ran. what: the parameter, in words.
    """
    now = memory_of(parameter, optimizer)
    for key, value in memory.items():
        if key not in now:
            return Misconception(
                "optimizer-made-anew", f"{what}: expected that its {key} stays; it is gone"
            )
        if not comparisons.same(now[key], value):
            return wrong_result(f"{what}: expected that its {key} stays; the call changed it")
    return None


def expect_each_once(optimizer: torch.optim.Optimizer) -> None:
    """Raise Misconception where the optimizer holds a parameter twice."""
    held = sum(len(group["params"]) for group in optimizer.param_groups or ())
    different = len(comparisons.learning_rates(optimizer))
    if different < held:
        raise Misconception(
            "parameter-twice",
            f"expected each parameter once; your groups list {held}, of which only {different} are "
            "different",
        )


def _in_short(rate: object) -> str:
    """Return a learning rate for a message; a group may hold something else in its place."""
    return f"{float(rate):.6g}" if isinstance(rate, int | float | torch.Tensor) else repr(rate)


def expect_rate(found: float, expected: float, path: str) -> None:
    """Raise Misconception unless a parameter's learning rate is the expected one."""
    if not values.near(found, expected, 0.0, relative=1e-6):
        raise Misconception(
            "wrong-learning-rate",
            f"{path}: expected the learning rate {expected}, got {_in_short(found)}",
        )


def expect_no_second_group(problem: ValueError) -> None:
    """Raise Misconception where torch refused to take a parameter into a second group."""
    if "more than one parameter group" in str(problem):
        raise Misconception("parameter-twice", f"torch says: {problem}") from None
