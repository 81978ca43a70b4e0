"""Lesson 02, freeze: its nine checks."""

import copy
import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_hook

from course.checking import comparisons, networks, panel
from course.checking.check import Answer, check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    first_and_more,
    unlike,
    wrong_result,
)
from course.checking.values import all_near, described, shown, whole_number
from course.lessons.lesson02.diagnosis import (
    Before,
    before_freezing,
    expect_each_once,
    expect_frozen_until,
    expect_no_lookalike,
    expect_no_second_group,
    expect_others_learn,
    expect_part_frozen,
    expect_rate,
    frozen_names,
    in_tensors,
    inside,
    memory_of,
    why_memory_lost,
    why_part_moved,
    why_rest_differs,
    why_trained_moved,
)
from course.lessons.lesson02.fixtures import (
    Factory,
    OtherBuffers,
    backward,
    classifier,
    make_optimizer,
    names_with_gradient,
    noted_buffer_reads,
    outputs,
    steps,
    trained,
)


class Switches(NamedTuple):
    """The settings of one row of exercise 1's table."""

    frozen: bool
    evaluating: bool
    without_grad: bool


class Forward(NamedTuple):
    """What one forward of exercise 1 found."""

    modes: set[bool]  # of all modules
    trainable: int  # parameters
    parameters: int  # all of them
    recorded: bool  # by autograd


class ProbeRow(NamedTuple):
    """What an answer to exercise 1 says of one row of the table."""

    learns: bool
    moves: bool
    read_buffers: bool  # whether it listed the buffers of a module
    row: str  # the row in words


NO_BUFFERS = "this network has no buffers (`all` of nothing is True, `any` is False)"


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
        fresh = _network(name).train()
        images = networks.images(name)
        moved = {mode: _moved_by_forward(fresh, images, mode) for mode in ("train", "eval")}
        for values in itertools.product((False, True), repeat=3):
            switches = Switches(*values)
            model = copy.deepcopy(fresh)
            learns, moves, read_buffers, row = _probe_row(answer, model, images, switches, name)
            moving = moved["eval" if switches.evaluating else "train"]
            can_learn = not switches.frozen and not switches.without_grad
            if (learns, moves) == (bool(moving), can_learn) != (moves, learns):
                raise wrong_result(
                    f"{row}: expected ({can_learn}, {bool(moving)}), the pair (learns, moves); got "
                    f"({learns}, {moves}). Yours are in the other order"
                )
            _expect_learns(learns, switches, row)
            buffers = len(list(fresh.buffers()))
            if not read_buffers and moving and not moves:
                raise Misconception(
                    "buffers-are-not-parameters",
                    f"{row}: expected moves=True, because {first_and_more(moving)} changed; got "
                    "False. Your function never lists the buffers: compare those of "
                    "model.named_buffers() before and after the forward",
                )
            _expect_moves(moves, moving, buffers, switches, row, name == names[0])
    return f"the 8 rows of the table are right for {', '.join(names)}."


def _network(name: str) -> nn.Module:
    if name.endswith(" network"):
        return OtherBuffers(moving=name == "a small network")
    return networks.build(name)


def _moved_by_forward(model: nn.Module, images: torch.Tensor, mode: str) -> list[str]:
    """Return the names of the buffers that a forward changes in a mode. Works on a copy."""
    model = copy.deepcopy(model).train(mode == "train")
    start = comparisons.snapshot(model.named_buffers())
    with torch.no_grad():
        model(images)
    return comparisons.moved_since(model, start)


def _probe_row(
    answer: Answer, model: nn.Module, images: torch.Tensor, switches: Switches, name: str
) -> ProbeRow:
    """Return what the answer says of one setting of the switches.

    Raises Misconception unless it has run the model, or a copy, once with these switches.
    """
    forwards: list[Forward] = []
    buffer_reads: list[str] = []
    leaf = next(layer for layer in model.modules() if not list(layer.children()))

    def note(layer: nn.Module, _: Any) -> None:
        whole = model if layer is leaf else layer  # of a copy only this layer can be seen
        modes = {module.training for module in whole.modules()}
        trainable = [parameter.requires_grad for parameter in whole.parameters()]
        forwards.append(Forward(modes, sum(trainable), len(trainable), torch.is_grad_enabled()))

    leaf.register_forward_pre_hook(note)
    with torch.enable_grad(), noted_buffer_reads(buffer_reads):
        result = answer(model, images, *switches)
    row = ", ".join([name, *(f"{switch}={value}" for switch, value in switches._asdict().items())])
    expected = "a pair of bools (learns, moves)"
    said = expect_pair(result, f"{row}: expected {expected}, got {shown(result)}")
    learns, moves = (_as_bool(value, f"{row}: expected {expected}") for value in said)
    _expect_one_forward(model, forwards, switches, row)
    return ProbeRow(learns, moves, bool(buffer_reads), row)


def _as_bool(value: Any, expected: str) -> bool:
    """Return a bool of Python's, NumPy's or torch's as Python's."""
    if torch.is_tensor(value) and value.numel() == 1 and value.dtype == torch.bool:
        return bool(value)
    if not isinstance(value, bool | np.bool_):
        raise unlike(value, f"{expected}; one of them is {described(value)}")
    return bool(value)


def _expect_one_forward(
    model: nn.Module, forwards: list[Forward], switches: Switches, row: str
) -> None:
    """Raise Misconception unless the model ran once, with the switches as the row says."""
    if len(forwards) != 1:
        raise Misconception(
            "wrong-result" if forwards else "answer-from-memory",
            f"{row}: expected one forward of the model; got {len(forwards)}",
        )
    forward = forwards[0]
    total = forward.parameters
    if switches.frozen and forward.trainable:
        expect_no_lookalike(model, [path for path, _ in model.named_parameters()], row)
    if forward.trainable != (0 if switches.frozen else total):
        raise Misconception(
            "eval-as-freezing" if switches == (False, True, False) else "wrong-result",
            f"{row}: in the forward {forward.trainable} of {total} parameters had "
            f"requires_grad=True; expected {0 if switches.frozen else total}",
        )
    if forward.modes != {not switches.evaluating}:
        expected, other = ("eval", "train") if switches.evaluating else ("train", "eval")
        got = "some of its layers" if len(forward.modes) > 1 else "the model"
        raise wrong_result(
            f"{row}: expected a forward in {expected} mode; {got} ran in {other} mode"
        )
    if forward.recorded == switches.without_grad:
        raise wrong_result(
            f"{row}: in the forward torch.is_grad_enabled() was {forward.recorded}; "
            f"expected {not forward.recorded}"
        )


def _expect_learns(learns: bool, switches: Switches, row: str) -> None:
    """Parameters can train where they are not frozen and the forward records gradients."""
    if learns == (not switches.frozen and not switches.without_grad):
        return
    only_evaluating = switches == (False, True, False)
    can = "cannot" if learns else "can"
    raise Misconception(
        "eval-as-freezing" if only_evaluating else "wrong-result",
        f"{row}: expected learns={not learns}, because a loss on that output {can} train the "
        f"parameters; got {learns}",
    )


def _expect_moves(
    moves: bool, moving: list[str], buffers: int, switches: Switches, row: str, is_first: bool
) -> None:
    """Raise Misconception unless `moves` is right.

    moving: the buffers that change, of so many `buffers`. is_first: the answer has not yet found
    any that changed in another network.
    """
    if moves == bool(moving):
        return
    if moves:
        why = "no buffer changed" if buffers else NO_BUFFERS
        raise wrong_result(f"{row}: expected moves=False, because {why}; got True")
    what = f"{row}: expected moves=True, because {first_and_more(moving)} changed; got False"
    if switches.frozen or switches.without_grad:
        raise Misconception("buffers-are-not-parameters", what)
    raise Misconception("compared-with-itself" if is_first else "wrong-result", what)


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
    images, labels = networks.images(name, 4), torch.arange(4) % n
    _expect_new_head_on_features(model, factory, images, n, call)
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
        for _ in range(2):
            loss = F.cross_entropy(outputs(model, images, call), labels)
            if not loss.requires_grad:
                raise Misconception(
                    "froze-the-new-head",
                    f"{call}: {min(new)} of the new head: expected requires_grad=True; got False, "
                    "as for all parameters",
                )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        moved = set(comparisons.moved_since(model, start))
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


def _expect_new_head_on_features(
    model: nn.Module, factory: Factory, images: torch.Tensor, n: int, call: str
) -> None:
    """Raise Misconception unless the model computes the trained features, and on them n outputs."""
    features, old_logits = _trained_features(factory.name, images)
    seen: list[torch.Tensor] = []

    def note(_: nn.Module, inputs: Any, output: Any) -> None:
        seen.extend(x.detach().float() for x in (*inputs, output) if torch.is_tensor(x))

    modes = {module: module.training for module in model.modules()}
    model.eval()
    hook = register_module_forward_hook(note)
    try:
        with torch.no_grad():
            for batch in (images, images[:1]):
                found = outputs(model, batch, call)
                expect(found, torch.Tensor, f"{call} to return a model that returns a tensor")
                if found.shape != (len(batch), n):
                    raise wrong_result(
                        f"{call}: expected outputs of shape ({len(batch)}, {n}) for images "
                        f"{tuple(batch.shape)}, got {tuple(found.shape)}"
                    )
    finally:
        hook.remove()
        for module, mode in modes.items():
            module.training = mode
    if any(_is_like(tensor, logits) for tensor in seen for logits in old_logits):
        raise Misconception(
            "stacked-on-logits",
            f"{call}: expected a new head in place of the old one; the old head, "
            f"{tuple(factory.head.weight.shape)}, still computes its logits",
        )
    if any(_is_like(_pooled(tensor), wanted) for tensor in seen for wanted in features):
        return
    kept = {comparisons.fingerprint(tensor) for tensor in comparisons.tensors(model).values()}
    backbone = {key: path for key, path in factory.trained.items() if not path.startswith("fc.")}
    lost = [path for key, path in backbone.items() if key not in kept]
    if lost:
        raise Misconception(
            "backbone-thrown-away",
            f"{call}: expected all {len(backbone)} trained parameters of the backbone in your "
            f"model; {len(lost)} are missing, such as {lost[0]}",
        )
    raise wrong_result(
        f"{call}: expected that the forward computes the features which make()'s model computes "
        "before its head; the trained parameters are in your model, but its forward computes others"
    )


def _trained_features(
    name: str, images: torch.Tensor
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the features and the old logits that a trained ResNet computes for images.

    Two of each: in eval mode and in train mode, where BatchNorm uses the batch.
    """
    model = trained(name)
    head, model.fc = model.fc, nn.Identity()
    with torch.no_grad():
        features = [model.train(mode)(images) for mode in (False, True)]
        return features, [head(one) for one in features]


def _pooled(tensor: torch.Tensor) -> torch.Tensor:
    """Return (B, D) of feature maps (B, D, H, W)."""
    return tensor.mean((2, 3)) if tensor.ndim == 4 else tensor


def _is_like(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Return whether two tensors (B, D) differ by 2 % at most, as half precision may."""
    if found.shape != expected.shape:
        return False
    return bool((found - expected).norm() <= 0.02 * expected.norm())


KEYS = ("trainable", "frozen", "buffers")  # of exercise 3's dict
Counts = dict[str, tuple[int, int]]  # key: (tensors that moved, of how many)


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
            _report_one_step(answer, model, step, f"{name}, {what}")
            count += 1
    return f"{count} steps of {' and '.join(names)}: each tensor that changed is in your report."


def _report_one_step(
    answer: Answer, model: nn.Module, step: Callable[[], None], where: str
) -> None:
    """Raise Misconception unless the answer runs `step` once and counts what it moved."""
    after: list[tuple[dict[str, torch.Tensor], dict[str, Any]]] = []

    def noted_step() -> None:
        step()
        left = comparisons.snapshot(comparisons.tensors(model).items())
        after.append((left, comparisons.condition(model)))

    start = comparisons.snapshot(comparisons.tensors(model).items())
    found = answer(model, noted_step)
    expect_something(found, f"{where}: step_report")
    if len(after) != 1:
        raise wrong_result(f"{where}: expected one call of step(), got {len(after)}")
    left = after[0][0]
    moved = {path for path, old in start.items() if not comparisons.same(left[path], old)}
    _expect_counts(found, model, moved, where)
    changed = comparisons.moved_since(model, left)
    changed += comparisons.differences(after[0][1], comparisons.condition(model))
    if changed:
        raise wrong_result(
            f"{where}: expected the model as the step left it; your function also changed "
            f"{first_and_more(changed)}"
        )


def _expect_counts(found: Any, model: nn.Module, moved: set[str], where: str) -> None:
    """Raise Misconception unless `found` holds the right counts of the tensors named in `moved`."""
    members: dict[str, list[str]] = {key: [] for key in KEYS}
    for path, parameter in model.named_parameters():
        members["trainable" if parameter.requires_grad else "frozen"].append(path)
    members["buffers"] = [path for path, _ in model.named_buffers()]
    expected = {key: (len(moved & set(paths)), len(paths)) for key, paths in members.items()}
    wanted = f"a dict with the keys {', '.join(map(repr, KEYS))}"
    if not isinstance(found, Mapping) or set(found) != set(KEYS):
        no_buffers = isinstance(found, Mapping) and set(found) == {"trainable", "frozen"}
        raise Misconception(
            "parameters-only" if no_buffers else "wrong-result",
            f"{where}: expected {wanted}, got {shown(found)}",
        )
    said: Counts = {}
    for key in KEYS:
        pair = expect_pair(
            found[key],
            f"{where}: expected a pair (moved, of how many) for {key!r}, got {shown(found[key])}",
        )
        count, total = (whole_number(one, f"{where}: a count for {key!r}") for one in pair)
        said[key] = (count, total)
    if said == expected:
        return
    key = next(key for key in KEYS if said[key] != expected[key])
    what = f"{where}, {key}: expected {_in_words(expected[key])}, got {_in_words(said[key])}"
    changed = [path for path in members[key] if path in moved]
    if changed and said[key][0] < expected[key][0]:
        what += f" (changed: {first_and_more(changed)})"
    what += _thought_of_counts(said[key], members[key], model) or _thought_of_all(said, expected)
    raise Misconception(_code_of_counts(said, expected, where), what)


def _thought_of_counts(said: tuple[int, int], paths: list[str], model: nn.Module) -> str:
    """Return what wrong counts of the tensors at `paths` show, in words, or nothing."""
    tensors = comparisons.tensors(model)
    if said[1] != len(paths) and said[1] == sum(tensors[path].numel() for path in paths):
        return ": count tensors, not numbers"
    floats = [path for path in paths if tensors[path].is_floating_point()]
    if said[1] != len(paths) and said[1] == len(floats):
        return ": the counts of batches, num_batches_tracked, are buffers, too"
    return ""


def _thought_of_all(said: Counts, expected: Counts) -> str:
    """Return what all three wrong pairs together show, in words, or nothing."""
    if said == {key: (total - changed, total) for key, (changed, total) in expected.items()}:
        return ": you count the tensors that did not change"
    if said == {key: (total, changed) for key, (changed, total) in expected.items()}:
        return ": your pairs are in the other order, (of how many, changed)"
    exchanged = {"trainable": expected["frozen"], "frozen": expected["trainable"]}
    return ": trainable and frozen are exchanged" if said == expected | exchanged else ""


def _in_words(pair: tuple[int, int]) -> str:
    return f"{pair[0]:,} of {pair[1]:,} tensors"


def _code_of_counts(said: Counts, expected: Counts, where: str) -> str:
    """Return the misconception that wrong counts show, "wrong-result" where none is certain.

    An answer that finds nothing after a training step, in which most numbers change, compares
    tensors with themselves; one that finds nothing after a small change may compare sums.
    """
    nothing = {key: (0, expected[key][1]) for key in KEYS}
    if said == expected | {"buffers": (0, 0)}:
        return "parameters-only"
    if said == nothing and where.endswith("a training step"):
        return "compared-with-itself"
    believed = expected | {"frozen": nothing["frozen"]}
    all_trained = {"trainable": (expected["trainable"][1],) * 2}
    if said in (believed, believed | all_trained, expected | all_trained):
        return "trusted-not-measured"
    return "wrong-result"


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
        where = f"{name}, {part!r}"
        result = answer(model, part)
        expect(result, nn.Module, f"the model ({where})")
        if result is not model:
            raise wrong_result(
                f"{where}: expected the model itself that was passed in; got another object, "
                f"a {type(result).__name__}"
            )
        _expect_same_values(model, start, where)
        unfrozen = frozen_before - frozen_names(model)
        if unfrozen:
            raise wrong_result(
                f"{where}: {min(unfrozen)} was frozen before the call; expected that it stays "
                "frozen, but its requires_grad is True now"
            )
        learning = names_with_gradient(model, name, call=where)
        expect_others_learn(model, others - frozen_before, learning, part, where)
        expect_part_frozen(model, part, asked - frozen_before, learning, worked_before, where)
        worked_before = worked_before or "." not in part
    parts = ", ".join(part for _, part in cases)
    return f"{parts}: each is frozen, and gradients reach everything else."


def _expect_same_values(model: nn.Module, start: dict[str, torch.Tensor], where: str) -> None:
    """Raise Misconception where a tensor's values have changed since the snapshot `start`."""
    changed = comparisons.moved_since(model, start)
    if changed:
        raise wrong_result(
            f"{where}: expected that all values stay; {first_and_more(changed)} changed"
        )


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
        found = answer(model, stage)
        _expect_same_values(model, start, call)
        learning = names_with_gradient(model, name, n, call)
        expect_frozen_until(model, stage, asked, learning, frozen_before, call)
        expected = sum(size for path, size in sizes.items() if path not in asked)
        tensors = len(sizes) - len(asked)
        count = whole_number(found, f"{call} to return {expected:,}")
        if count != expected:
            total = sum(sizes.values())
            thoughts = {total: " (of all parameters)", total - expected: " (of the frozen ones)"}
            raise Misconception(
                "tensors-not-numbers" if count == tensors else "wrong-result",
                f"{call}: expected {expected:,} trainable numbers, in {tensors} tensors; "
                f"got {count:,}{thoughts.get(count, '')}",
            )
        counts.append(f"{stage}: {expected:,}")
        before = f" after {stage!r}"
    return f"trainable numbers, frozen until {', '.join(counts[:-1])}."


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
        _two_rates(answer, model, name, head_lr, backbone_lr, f"{name} frozen until {stage}")
    return (
        f"the head learns at {head_lr}, what is trainable of the backbone at {backbone_lr}, "
        "and what is frozen stays."
    )


def _two_rates(
    answer: Answer, model: nn.Module, name: str, head_lr: float, backbone_lr: float, where: str
) -> None:
    """Raise Misconception unless the answer gives `fc` and the rest their learning rates."""
    frozen = frozen_names(model)
    start = comparisons.snapshot(comparisons.tensors(model).items())
    condition = comparisons.condition(model)
    try:
        optimizer = answer(model, head_lr, backbone_lr)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    _expect_same_values(model, start, where)
    changed = comparisons.differences(condition, comparisons.condition(model))
    if changed:
        raise wrong_result(f"{where}: expected the model as it was; {first_and_more(changed)}")
    expect_each_once(optimizer)
    rates = comparisons.learning_rates(optimizer)
    for path, parameter in model.named_parameters():
        if path in frozen:
            continue
        if id(parameter) not in rates:
            raise Misconception(
                "not-in-the-optimizer",
                f"{where}: expected that your optimizer holds all trainable parameters; no group "
                f"holds {path}",
            )
        expected = head_lr if path.startswith("fc.") else backbone_lr
        expect_rate(rates[id(parameter)], expected, f"{where}, {path}")
    backward(model, name)
    optimizer.step()
    moved = frozen & set(comparisons.moved_since(model, start))
    if moved:
        raise Misconception(
            "backbone-not-frozen",
            f"{where}: expected that a step of your optimizer changes no frozen parameter; it "
            f"changed {first_and_more(sorted(moved))}",
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
        total = comparisons.numbers_in(model.parameters())
        trainable = [p for p in model.parameters() if p.requires_grad]
        numbers = comparisons.numbers_in(trainable)
        where = (
            f"{name} frozen until {stage}" if stage else f"{name} with every third tensor frozen"
        )
        result, changed = comparisons.changes_by(functools.partial(answer, model), model)
        expect_something(result, f"adam_memory({where})")
        if changed:
            raise wrong_result(
                f"{where}: expected that adam_memory only counts, and leaves the model as it is; "
                f"{first_and_more(changed)}"
            )
        found = whole_number(result, f"the int {2 * numbers:,} for {where}")
        if found != 2 * numbers:
            raise _why_wrong_memory(found, total, numbers, len(trainable), where)
    return f"{found:,} numbers for {where}: frozen parameters have no averages."


def _why_wrong_memory(
    found: int, total: int, trainable: int, tensors: int, where: str
) -> Misconception:
    what = (
        f"{where}: expected {2 * trainable:,}, for {trainable:,} trainable and "
        f"{total - trainable:,} frozen numbers; got {found:,}"
    )
    if found == trainable:
        what += " (there are two averages)"
    elif found in (tensors, 2 * tensors):
        what += " (count numbers, not tensors)"
    elif found == 2 * trainable + tensors:
        what += " (`step`, which AdamW keeps for each tensor, is not an average)"
    elif found in (8 * trainable, 8 * total):
        what += " (count numbers, not bytes)"
    elif found == 2 * (total - trainable):
        what += " (of the frozen ones)"
    elif found == total + 2 * trainable:
        what += " (with the parameters themselves)"
    elif found == 0:
        what += " (an optimizer has its averages after its first step)"
    with_frozen = found in (2 * total, total)
    return Misconception("frozen-costs-memory" if with_frozen else "wrong-result", what)


Case = tuple[str, str, str, str]  # network, part of it, optimizer, layout of its groups
FREEZE_CASES: tuple[Case, ...] = (
    ("narrow resnet18", "layer2", "SGD", "two groups"),
    ("narrow mobilenet_v2", "features.1", "AdamW", "one group"),
)


@check
def freeze_now(answer: Answer, cases: tuple[Case, ...] = FREEZE_CASES) -> str:
    """Exercise 8: freeze a part in mid-training, between a backward and its step.

    An optimizer skips a parameter whose gradient is None, and steps one whose gradient is 0
    (documentation of torch.optim.Optimizer.zero_grad).
    Hidden: another family and part, other optimizers and groups.
    """
    for case in cases:
        _freeze_in_training(answer, *case)
    kinds = " and ".join(dict.fromkeys(kind for _, _, kind, _ in cases))
    return (
        f"the frozen parts stayed the same under {kinds}, with momentum, decay and a scheduler; "
        "all other parameters trained on."
    )


def _freeze_in_training(answer: Answer, name: str, part: str, kind: str, layout: str) -> None:
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
    scheduler = _schedule(optimizer)
    answer(model, optimizer, part)
    where = f"{part} of {name}, {kind} with {layout}"
    changed = sorted(inside(comparisons.moved_since(model, before.values), part))
    if changed:
        raise wrong_result(
            f"{where}: expected that freeze_now itself changes no values; "
            f"{first_and_more(changed)} changed"
        )
    rates = comparisons.learning_rates(optimizer)
    suspect = why_rest_differs(model, optimizer, part, before, where)
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
    except (ValueError, IndexError, KeyError, RuntimeError) as problem:
        now = len(optimizer.param_groups)
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
    twin, its_optimizer = copy.deepcopy((model, optimizer))
    for (path, parameter), old in zip(twin.named_parameters(), model.parameters(), strict=True):
        if inside([path], part):
            parameter.requires_grad = False
        elif old.grad is not None:  # deepcopy of a parameter leaves its gradient out
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
        _unfreeze(answer, name, stage, lr, kind)
    stages = " and ".join(stage for stage, _, _ in cases)
    return f"{stages} joined, and the head kept its learning rate and its momentum."


def _unfreeze(answer: Answer, name: str, stage: str, lr: float, kind: str) -> None:
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
    for _ in range(2):
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()
    optimizer.zero_grad()
    memory = {path: memory_of(model.get_parameter(path), optimizer) for path in head}
    start = comparisons.snapshot(comparisons.tensors(model).items())
    where = f"{kind}, {stage!r}"
    try:
        returned = answer(model, optimizer, stage, lr)
    except ValueError as problem:
        expect_no_second_group(problem)
        raise
    made_anew = isinstance(returned, torch.optim.Optimizer) and returned is not optimizer
    _expect_same_values(model, start, where)
    expect_each_once(optimizer)
    _expect_joined(model, optimizer, stage, lr, head, made_anew, where)
    for path in head:
        lost = why_memory_lost(model.get_parameter(path), optimizer, memory[path], path)
        if lost:
            raise lost
    backward(model, name, call="unfreeze_stage")
    optimizer.step()
    names = [path for path, _ in model.named_parameters()]
    expected = inside(names, "fc") | inside(names, stage)
    unlike_expected = expected ^ set(comparisons.moved_since(model, start))
    if unlike_expected:
        path = min(unlike_expected)
        raise wrong_result(
            f"{where}: expected that the next step {'changes' if path in expected else 'keeps'} "
            f"{path}; it did not"
        )


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
                f"among its {in_tensors(len(rates))}",
            )
        expect_rate(rates[id(parameter)], lr if in_stage else head[path], f"{where}, {path}")
