"""The thought behind a wrong evaluation batch by batch, exercise 4 of lesson 06."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.binary import BinaryCounts
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import near
from course.lessons.lesson06.fixtures import Forwards, Pair, counts_over
from course.lessons.lesson06.parts import percent_hint


def everything_but_values(model: nn.Module) -> dict[str, Any]:
    """Return what a model is apart from the values of its tensors, gradients and the names of its
    modules' attributes included; compare it with `comparisons.differences`.
    """
    found = comparisons.condition_and_gradients(model)
    for path, module in model.named_modules():
        for name in vars(module):
            found[f"the attribute {path or 'model'}.{name}"] = True
    return found


def check_model_kept(
    model: nn.Module, before: Mapping[str, Tensor], condition: Mapping[str, Any], forwards: Forwards
) -> None:
    """Check that an evaluation ran in eval mode and changed nothing but the mode."""
    moved = comparisons.moved_since(model, dict(before))
    updated = [name for name in moved if name.endswith("num_batches_tracked")]
    if any(forwards.modes) or updated:
        changed = f". It changed {first_and_more(moved)}" if moved else ""
        raise Misconception(
            "evaluated-in-train-mode",
            f"{sum(forwards.modes) or len(updated)} of {len(forwards.modes)} forward passes ran "
            f"with a module in train mode{changed}",
        )
    if moved:
        raise Misconception(
            "model-left-changed",
            f"expected that evaluate changes only the model's mode; it changed the values of "
            f"{first_and_more(moved)}",
        )
    different = comparisons.differences(
        dict(condition), everything_but_values(model), but=("training",)
    )
    if different:
        more = f" ({len(different) - 1} more differences)" if different[1:] else ""
        raise Misconception(
            "model-left-changed",
            f"expected that evaluate changes only the model's mode; {different[0]}{more}",
        )


def check_evaluation(
    accuracy: float, f1: float, pairs: Sequence[Pair], history: Sequence[Sequence[Pair]]
) -> None:
    """Check accuracy and F1 of one epoch.

    pairs: (predictions (B,), labels (B,)) of each batch; history: those of the epochs before.
    """
    right = counts_over(pairs)
    accuracy_is_right, f1_is_right = near(accuracy, right.accuracy), near(f1, right.f1)
    if accuracy_is_right and f1_is_right:
        return
    sizes = ", ".join(str(len(labels)) for _, labels in pairs)
    seen = (
        f"batches of {sizes}: expected accuracy {right.accuracy:.4f} and F1 {right.f1:.4f}; "
        f"got {accuracy:.4f} and {f1:.4f}"
    )
    if not accuracy_is_right:
        seen += percent_hint(accuracy, right.accuracy)
    all_so_far = counts_over([pair for epoch in (*history, pairs) for pair in epoch])
    accuracy_is_old = near(accuracy, all_so_far.accuracy)
    f1_is_old = near(f1, all_so_far.f1)
    if history and (accuracy_is_old or accuracy_is_right) and (f1_is_old or f1_is_right):
        raise Misconception(
            "metric-never-reset",
            f"call {len(history) + 1}, {seen}. Yours are the metrics of all images since the "
            "first call",
        )
    each = [counts_over([pair]) for pair in pairs]
    if not accuracy_is_right and near(accuracy, np.mean([counts.accuracy for counts in each])):
        raise Misconception("mean-of-batch-accuracies", seen)
    if accuracy_is_right and is_mean_of_f1(f1, each):
        raise Misconception("f1-averaged-per-batch", seen)
    if accuracy_is_right:
        check_whose_f1(f1, right, pairs, seen)
        if near(f1, (right.precision + right.recall) / 2):
            raise Misconception("arithmetic-f1", seen)
        for name, value in (("precision", right.precision), ("recall", right.recall)):
            if near(f1, value):
                raise wrong_result(f"{seen}. Your F1 equals the {name}")
    if near(accuracy, right.f1) and near(f1, right.accuracy):
        seen += ". Yours are in the other order"
    without_last = counts_over(pairs[:-1])
    if near(accuracy, without_last.accuracy) and near(f1, without_last.f1):
        seen += ". Yours are the metrics without the last batch"
    raise wrong_result(seen)


def is_mean_of_f1(f1: float, each: Sequence[BinaryCounts]) -> bool:
    """Return whether `f1` is a mean of the batches' F1: of all, of the defined ones, or weighted by
    the batches' sizes.
    """
    of_all = [counts.f1 for counts in each]
    of_defined = [counts.f1 for counts in each if counts.flagged or counts.positive]
    weighted = np.average(of_all, weights=[sum(counts) for counts in each])
    means = [np.mean(of_all), weighted]
    if of_defined:
        means.append(np.mean(of_defined))
    return any(near(f1, mean) for mean in means)


def check_whose_f1(f1: float, right: BinaryCounts, pairs: Sequence[Pair], seen: str) -> None:
    """Raise Misconception where `f1` is that of class 0, or an average over both classes."""
    of_class_0 = counts_over([(1 - predicted, 1 - labels) for predicted, labels in pairs]).f1
    positive = sum(int(labels.sum()) for _, labels in pairs)
    count = sum(len(labels) for _, labels in pairs)
    others = {
        "the F1 of class 0": of_class_0,
        "the macro F1 of both classes": (of_class_0 + right.f1) / 2,
        "the weighted F1 of both classes": ((count - positive) * of_class_0 + positive * right.f1)
        / count,
        "the micro F1 of both classes, which is the accuracy": right.accuracy,
    }
    matches = [what for what, value in others.items() if near(f1, value)]
    if matches:
        raise Misconception("not-the-f1-of-class-1", f"{seen}. Yours equals {matches[0]}")
