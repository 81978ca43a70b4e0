"""The thought behind wrongly trained heads, exercise 2 of lesson 08."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.batchnorm import Record, why_statistics_moved
from course.checking.label_effect import (
    FOLLOWS_LABELS,
    label_effect,
    share_by_guessing,
    shuffles_of,
)
from course.checking.labels_used import labels_watched, share_of_others
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import not_finite
from course.lessons.lesson08 import weights_judge
from course.lessons.lesson08.diagnosis import NEW_HEADS, OLD
from course.lessons.lesson08.fixtures import made_up_images, ranking, small_model


def check_what_moved(model: nn.Module, before: Mapping[str, Tensor], seen: Record) -> None:
    """Check that a training moved both new heads and nothing of the old network.

    before: a snapshot of the model; seen: what `watch` recorded of its BatchNorms.
    """
    moved = []
    for path in comparisons.moved_since(model, dict(before)):
        if not path.endswith("num_batches_tracked"):
            moved.append(path)
    now = comparisons.tensors(model)
    for path in moved:
        expected, found = before[path], now.get(path)
        if found is None or found.shape != expected.shape or found.dtype != expected.dtype:
            became = "is gone" if found is None else f"is {tuple(found.shape)}, {found.dtype}"
            raise wrong_result(
                f"expected {path} as before the training, {tuple(expected.shape)}, "
                f"{expected.dtype}; it {became}"
            )
    old = [path for path in moved if path.startswith(OLD)]
    if old:
        parameters = [path for path in old if not path.endswith(("running_mean", "running_var"))]
        path = parameters[0] if parameters else old[0]
        far = (now[path] - before[path]).abs().max()
        if not parameters:
            code = why_statistics_moved(model, old, seen)
        elif path.startswith("species."):
            code = "old-head-changed"
        else:
            code = "backbone-not-frozen"
        raise Misconception(
            code,
            f"{path} moved by up to {far:.2g}; of the old network's tensors {len(old)} moved "
            "in all",
        )
    for head in NEW_HEADS:
        if not any(path.startswith(f"{head}.") for path in moved):
            raise Misconception("head-left-out", f"no tensor of model.{head} has moved")


def check_labels(model: nn.Module, every: int, told: str) -> None:
    """Raise Misconception where the heads have learnt well, but from exchanged labels.

    every: one image in `every` is rotten; told: what was observed.
    """
    images, fruit, rotten = made_up_images(240, every, seed=2)
    with torch.no_grad():
        _, fruit_logits, rotten_logits = model.eval()(images)
    if ranking(rotten_logits[:, 1] - rotten_logits[:, 0], rotten) < 0.3:
        raise Misconception(
            "classes-exchanged",
            f"{told}. A guess ranks half of the pairs right: the rotten head has learnt fresh and "
            "rotten the other way round",
        )
    exchanged = weights_judge.exchanged_classes(fruit_logits.argmax(1), fruit, 6)
    if exchanged:
        label, other = exchanged
        raise Misconception(
            "classes-exchanged", f"{told}. Most images of fruit {label} are called {other}"
        )
    if ranking(fruit_logits[:, 1] - fruit_logits[:, 0], rotten) > 0.9:
        raise wrong_result(
            f"{told}. The fruit head tells rotten (1) from fresh (0): it was trained on the "
            "labels of the rotten head"
        )


def check_follows_labels(answer: Callable, width: int, every: int, told: str) -> None:
    """Raise Misconception where the heads were trained on labels that are not those of the images.

    told: what was observed. Its loss gets labels of other images, or it is no better than a guess
    on the images that it was trained on and with other labels its logits do not follow them.
    """
    images, *labels = made_up_images(300, every, seed=1)
    given = [shuffles_of(each) for each in labels]
    fruit, rotten = [], []
    for fruit_labels, rotten_labels in (labels, *zip(*given, strict=True)):
        model = small_model(width)
        with (
            labels_watched(images, fruit_labels) as of_fruit,
            labels_watched(images, rotten_labels) as of_rotten,
        ):
            answer(model, images.clone(), fruit_labels.clone(), rotten_labels.clone())
        for seen in (of_fruit, of_rotten):
            if seen["others"]:
                raise Misconception("head-learnt-other-labels", f"{told}. {share_of_others(seen)}")
        with torch.no_grad():
            _, fruit_logits, rotten_logits = model.eval()(images)
        fruit.append(fruit_logits)
        rotten.append(rotten_logits)
    right = int((fruit[0].argmax(1) == labels[0]).sum())
    ranked = ranking(rotten[0][:, 1] - rotten[0][:, 0], labels[1])
    heads = (
        (
            fruit,
            given[0],
            right / 300 <= share_by_guessing(300, 6),
            f"{right} of 300 have their fruit",
        ),
        (rotten, given[1], abs(ranked - 0.5) < 0.2, f"{ranked:.0%} of the pairs are ranked right"),
    )
    for (_, *logits), shuffled, guessed, share in heads:
        if guessed and label_effect(logits, shuffled) < FOLLOWS_LABELS:
            raise Misconception(
                "head-learnt-other-labels", f"{told}. Of the training images {share}"
            )


def check_condition(model: nn.Module, before: Mapping[str, Any]) -> None:
    """Check that nothing of the old network has changed but modes.

    before: its condition and its gradients, see `comparisons`.
    """
    after = comparisons.condition_and_gradients(model)
    changed = comparisons.differences(dict(before), after, ("training",))
    for what in changed:
        if "backbone" in what or "species" in what:
            raise wrong_result(
                f"expected that only modes change in the old network; after your function {what}"
            )


def check_finite(model: nn.Module) -> None:
    """Check that the parameters of the new heads are finite."""
    for head in NEW_HEADS:
        for name, parameter in model.get_submodule(head).named_parameters():
            if bad := not_finite(parameter):
                raise Misconception(
                    "weights-not-finite", f"expected finite numbers in {head}.{name}; {bad}"
                )
