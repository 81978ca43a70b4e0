"""The checks of lesson 09, adapt gently: one for each exercise.

Each makes the models, calls the answer and looks at what happened. The thought behind a wrong
result is found in diagnosis.py, groups.py and low_rank.py.
"""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from course.checking import comparisons, draws, networks, values
from course.checking.batchnorm import batchnorms, watch
from course.checking.check import Answer, check, expect
from course.checking.misconception import (
    Misconception,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.stepping import expect_gradients_on
from course.lessons.lesson09 import diagnosis, groups
from course.lessons.lesson09.fixtures import (
    SCHEDULES,
    STAGES,
    Mixed,
    bright_images,
    classifier,
    freeze_some,
    logits,
    pretrained,
    snapshot_of,
    step_of_sgd,
    trained,
)
from course.lessons.lesson09.low_rank import try_low_rank

# ---- Exercise 1: two stages ---------------------------------------------------------------------


@check
def two_stage(
    answer: Answer,
    name: str = "narrow resnet18",
    head_lr: float = 0.05,
    lr: float = 0.002,
) -> str:
    """Exercise 1: train the head alone, then everything, with each BatchNorm in eval mode.

    Kumar et al. (2022), "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution", call it LP-FT. Hidden: another ResNet and other learning rates.
    """
    model = classifier(name)
    images = bright_images(name)
    start = snapshot_of(model)
    calls: list[diagnosis.Stage] = []

    kind = type(model)

    def train(model: nn.Module, lr: float) -> None:
        expect_gradients_on("train")
        expect(model, kind, f"that train gets the model, a {kind.__name__}")
        rate = values.number_in(lr, "a learning rate as the second argument of train")
        if not any(p.requires_grad for p in model.parameters()):
            raise wrong_result(
                f"call {len(calls) + 1} of train: expected trainable parameters; requires_grad is "
                "False for all of them"
            )
        before = snapshot_of(model)
        diagnosis.expect_same_layers(before, start, len(calls) + 1)
        trainable = {path for path, p in model.named_parameters() if p.requires_grad}
        for _ in range(2):
            step_of_sgd(model, images, rate)
        calls.append(diagnosis.Stage(model, rate, trainable, before, snapshot_of(model)))

    with watch(model) as record:
        found = answer(model, train, head_lr, lr)
    if len(calls) != 2:
        raise wrong_result(f"expected two calls of train; got {len(calls)}")
    diagnosis.expect_stages(calls, start, (head_lr, lr))
    expect_something(found, f"two_stage({name})")
    if found is not model:
        raise wrong_result(
            "expected that the function returns the model that it was given; got another object, a "
            f"{type(found).__name__}"
        )
    moved = comparisons.moved_since(model, start)
    statistics = [path for path in moved if path.endswith(("running_mean", "running_var"))]
    if statistics:
        raise Misconception(
            diagnosis.why_norms_moved(model, moved, record),
            f"{name}: after both calls {first_and_more(statistics, 'has', 'have')} other values; "
            "expected running statistics as they were",
        )
    if any(forward.training for forward in record.forwards):
        raise Misconception(
            "batch-statistics-used",
            f"{name}: in a call of train a BatchNorm is in train mode; expected eval mode",
        )
    late = comparisons.moved_since(model, calls[1].after)
    if late:
        raise wrong_result(f"expected that nothing changes after the second call; {late[0]} has")
    return f"{name}: first the head alone, with {head_lr}, then everything, with {lr}."


# ---- Exercise 2: a learning rate for each stage -------------------------------------------------


@check
def layerwise_groups(
    answer: Answer,
    name: str = "narrow resnet18",
    cases: tuple[tuple[float, float, tuple[str, ...]], ...] = (
        (0.1, 0.6, ()),
        (1e-3, 0.25, ("conv1", "layer2.0.bn1", "layer3")),
    ),
) -> str:
    """Exercise 2: groups in which each stage of a ResNet has a smaller learning rate than the next.

    cases: the head's learning rate, the factor, and the frozen modules, one of them a whole stage.
    Hidden: another ResNet, other cases.
    """
    for lr, factor, frozen in cases:
        model = classifier(name)
        for path in frozen:
            model.get_submodule(path).requires_grad_(False)
        call = f"layerwise_groups({name}, {lr}, {factor})"
        found, changed = comparisons.changes_by(partial(answer, model, lr, factor), model)
        held = groups.held_by(found, call, "lr")
        if changed:
            raise Misconception("model-left-changed", f"{call}: {changed[0]}")
        groups.expect_trainable_held(model, held, call)
        groups.expect_rates(model, held.options, lr, factor, call)
    return f"each of the {len(STAGES)} parts of {name} has its learning rate."


# ---- Exercise 3: no decay for norms and biases --------------------------------------------------


@check
def decay_groups(
    answer: Answer,
    names: tuple[str, ...] = ("narrow resnet18", "a mixed network"),
    decay: float = 0.05,
) -> str:
    """Exercise 3: groups that give weight decay to what has two dimensions or more.

    Hidden: a ConvNeXt, another decay.
    """
    said = []
    for name in names:
        model = Mixed() if name == "a mixed network" else networks.build(name)
        freeze_some(model)
        call = f"decay_groups({name}, {decay})"
        found, changed = comparisons.changes_by(partial(answer, model, decay), model)
        held = groups.held_by(found, call, "weight_decay")
        if changed:
            raise Misconception("model-left-changed", f"{call}: {changed[0]}")
        groups.expect_trainable_held(model, held, call)
        count = groups.expect_decays(model, held.options, decay, call)
        said.append(f"{name} {count}")
    return f"tensors without decay: {', '.join(said)}."


# ---- Exercise 4: a new group under a running scheduler ------------------------------------------


@check
def add_group(
    answer: Answer,
    cases: tuple[tuple[str, int, str], ...] = (
        ("warm-up", 2, "SGD"),
        ("falling", 3, "AdamW"),
    ),
    lr: float = 0.02,
) -> str:
    """Exercise 4: let new parameters join an optimizer under a LambdaLR.

    cases: the schedule, how many epochs have passed, the optimizer. Hidden: other cases, one of
    them in the first epoch.
    """
    for schedule, epochs, kind in cases:
        groups.try_join(answer, SCHEDULES[schedule], schedule, epochs, kind, lr)
    listed = ", ".join(f"{schedule} after {epochs} epochs" for schedule, epochs, _ in cases)
    return f"the new group joined, and all groups follow their schedule: {listed}."


# ---- Exercise 5: a change of low rank -----------------------------------------------------------


@check
def low_rank(
    answer: Answer,
    layers: tuple[Mapping[str, Any], ...] = (
        {"kind": "Linear", "sizes": (7, 5), "rank": 2, "dtype": torch.float64},
        {"kind": "Conv2d", "sizes": (4, 6, 3), "rank": 3},
    ),
    seed: int = 0,
) -> str:
    """Exercise 5: a parametrization that adds a trainable change of low rank to a frozen weight.

    Hu et al. (2021), "LoRA: Low-Rank Adaptation of Large Language Models".
    One layer has double precision. Hidden: other sizes and ranks, a grouped convolution.
    """
    said = []
    for number, options in enumerate(layers):
        said.append(try_low_rank(answer, options, seed + number))
    return f"only the factors train, and the change can be merged: {', '.join(said)}."


# ---- Exercise 6: what must the file hold? -------------------------------------------------------


@check
def adapter_state(answer: Answer, names: tuple[str, ...] = ("narrow resnet18",)) -> str:
    """Exercise 6: which tensors make a fresh copy of the pretrained network answer like ours?

    Hidden: a MobileNetV3, a network without BatchNorm.
    """
    said = []
    for name in names:
        model = trained(name)
        images = bright_images(name)
        expected = logits(model, images)
        call = f"adapter_state({name})"
        found, changed = comparisons.changes_by(partial(answer, model), model)
        expect_something(found, call)
        if changed:
            raise Misconception("model-left-changed", f"{call}: {changed[0]}")
        diagnosis.expect_state(found, model, call)
        kept = {key: tensor.detach().clone() for key, tensor in found.items()}
        step_of_sgd(model, images, lr=0.1)
        model.temperature.fill_(2.0)
        diagnosis.expect_copies(found, kept, call)
        fresh = pretrained(name)
        fresh.load_state_dict(kept, strict=False)
        again = logits(fresh, images)
        if not values.all_near(again, expected, 1e-4):
            raise wrong_result(
                f"{call}: expected the same logits from a fresh model that loads the file; "
                f"{values.difference(again, expected, 1e-4)}"
            )
        said.append(f"{name} {len(kept)} tensors")
    return f"a fresh model that loads the file answers like the trained one: {', '.join(said)}."


# ---- Exercise 7: features by name ---------------------------------------------------------------


@check
def features_at(
    answer: Answer,
    cases: tuple[tuple[str, str], ...] = (
        ("narrow resnet18", "layer2.1.bn2"),
        ("narrow resnet18", "layer1.0.relu"),
        ("narrow resnet18", "layer1.0.relu_1"),
        ("narrow resnet18", "flatten"),
    ),
) -> str:
    """Exercise 7: what does a node of a network give in eval mode?

    The last BatchNorm is in eval mode before the call, all other layers are in train mode. The
    last case has a batch of one image.
    Hidden: other networks, the sum in a residual block.
    """
    for name, node in cases:
        model = networks.build(name).train()
        batchnorms(model)[-1][1].eval()
        images = draws.noise(3, 1 if node == cases[-1][1] else 2, 3, 64, 64)
        call = f"features_at({name}, {node!r})"
        twin = copy.deepcopy(model).eval()
        with torch.no_grad():
            expected = create_feature_extractor(twin, {node: "out"})(images)["out"]
        found, changed = comparisons.changes_by(partial(answer, model, node, images), model)
        expect(found, torch.Tensor, f"{call} to return a tensor")
        if changed:
            raise Misconception("model-left-changed", f"{call}: {changed[0]}")
        if not values.all_near(found, expected, 1e-4):
            raise diagnosis.why_other_features(found, expected, twin, node, images, call)
    listed = ", ".join(f"{node} of {name}" for name, node in cases)
    return f"these are the outputs in eval mode: {listed}."
