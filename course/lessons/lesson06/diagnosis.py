"""The thought behind a wrong metric of lesson 06: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.binary import BinaryCounts
from course.checking.misconception import Misconception, first_and_more, unlike, wrong_result
from course.checking.values import described, near, number_in, shown
from course.lessons.lesson06.fixtures import Forwards, Pair, counts_over

# ---- numbers -------------------------------------------------------------------------------------


def parts_of(
    found: Any,
    count: int,
    expected: str,
) -> tuple:
    """Return `found` as a tuple of `count` parts; `expected` says in words which."""
    got = f"expected {expected}; got {described(found)}"
    try:
        if isinstance(found, dict | set | str):  # a dict would give its keys
            raise TypeError
        parts = tuple(found)
    except TypeError:
        raise unlike(found, got) from None
    if len(parts) != count:
        raise unlike(found, got)
    return parts


def is_undefined(found: Any) -> bool:
    """Return whether `found` is one number that is NaN or infinite, as 0 / 0 and 1 / 0 give."""
    if isinstance(found, Tensor | np.ndarray) and np.prod(tuple(found.shape)) == 1:
        found = found.item()
    return isinstance(found, float | np.floating) and not math.isfinite(found)


def percent_hint(found: float, expected: float) -> str:
    """Return a hint where `found` is the expected share in percent, else an empty string."""
    is_percent = expected != 0 and near(found, 100 * expected)
    return " (yours is a percentage; expected a share from 0 to 1)" if is_percent else ""


# ---- Exercise 1: a confusion matrix --------------------------------------------------------------


def count_pairs(
    labels: Tensor,
    predicted: Tensor,
    classes: int,
) -> Tensor:
    """Return the confusion matrix (classes, classes): true classes down, predicted ones across."""
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for label, prediction in zip(labels, predicted, strict=False):
        matrix[label, prediction] += 1
    return matrix


def check_confusion(
    found: Tensor,
    logits: Tensor,
    labels: Tensor,
) -> None:
    """Check a confusion matrix of logits (B, K) and labels (B,)."""
    count, classes = logits.shape
    where = f"logits of shape ({count}, {classes})"
    predicted = logits.argmax(1)
    expected = count_pairs(labels, predicted, classes)
    check_matrix_shape(found, labels, predicted, classes)
    if torch.equal(found.double(), expected.double()):
        if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
            raise wrong_result(
                f"{where}: the counts are right, but their dtype is {found.dtype}; expected an "
                "integer dtype such as torch.int64"
            )
        return
    row, column = (found != expected).nonzero()[0].tolist()
    seen = (
        f"{where}: in row {row}, column {column}, expected {expected[row, column]} (images of "
        f"class {row} with the highest logit at class {column}); got {found[row, column].item():g}"
    )
    if torch.equal(found.double(), expected.T.double()):
        raise Misconception("matrix-transposed", seen)
    over_batch = count_pairs(labels, logits.argmax(0) % classes, classes)
    if torch.equal(found, over_batch) or torch.equal(found, over_batch.T):
        raise Misconception("over-the-batch", seen)
    if not found.is_floating_point():
        info = torch.iinfo(found.dtype) if found.dtype != torch.bool else None
        if info and info.max < count:
            seen += f". {found.dtype} holds numbers up to {info.max} only"
    raise wrong_result(f"{seen}. Your matrix sums to {found.sum().item():g}, of {count} images")


def check_matrix_shape(
    found: Tensor,
    labels: Tensor,
    predicted: Tensor,
    classes: int,
) -> None:
    """Check that a confusion matrix is (classes, classes), whichever of them occur."""
    if found.layout != torch.strided:
        raise wrong_result(f"expected a dense tensor; got the layout {found.layout}")
    if found.shape == (classes, classes):
        return
    both = torch.cat([labels, predicted])
    from_values = {  # numbers of classes that a learner could have taken from labels or predictions
        labels.unique().numel(),
        both.unique().numel(),
        int(labels.max()) + 1,
        int(both.max()) + 1,
    }
    is_from_values = found.ndim == 2 and found.shape[0] in from_values
    raise Misconception(
        "absent-class-forgotten" if is_from_values else "wrong-result",
        f"logits of shape ({len(labels)}, {classes}), labels of the classes "
        f"{labels.unique().tolist()}: expected a matrix of shape {(classes, classes)}; got "
        f"{tuple(found.shape)}",
    )


# ---- Exercises 2 and 3: metrics from counts ------------------------------------------------------

METRICS = ("accuracy", "precision", "recall", "f1")


def share(part: int, whole: int) -> float:
    """Return part / whole, and 0 for 0 / 0."""
    return part / whole if whole else 0.0


def expected_metrics(counts: BinaryCounts) -> dict[str, float]:
    """Return the four metrics of four counts by name, 0 where the denominator is 0."""
    tp, fp, fn, tn = counts
    return {
        "accuracy": share(tp + tn, tp + fp + fn + tn),
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": share(2 * tp, 2 * tp + fp + fn),
    }


def denominators(counts: BinaryCounts) -> dict[str, int]:
    """Return what each of the four metrics is divided by."""
    tp, fp, fn, _ = counts
    return {
        "accuracy": sum(counts),
        "precision": tp + fp,
        "recall": tp + fn,
        "f1": 2 * tp + fp + fn if tp else 0,  # without a true positive, precision + recall is 0
    }


def other_shares(counts: BinaryCounts) -> dict[str, float]:
    """Return shares of four counts that are none of the four metrics, by their formula."""
    tp, fp, fn, tn = counts
    return {
        "tn / (tn + fp), the specificity": share(tn, tn + fp),
        "fp / (fp + tn), the false positive rate": share(fp, fp + tn),
        "tn / (tn + fn)": share(tn, tn + fn),
        "tp / (tp + fp + fn)": share(tp, tp + fp + fn),
        "tp / all": share(tp, sum(counts)),
        "the F1 of the negative class": share(2 * tn, 2 * tn + fp + fn),
        "the share of errors": share(fp + fn, sum(counts)),
    }


def check_metrics(found: dict, counts: BinaryCounts) -> None:
    """Check a dict with one number for each of METRICS."""
    for name in METRICS:
        if name not in found:
            keys = ", ".join(map(repr, found)) or "no key"
            raise wrong_result(f"expected a dict with the key {name!r}; got {keys}")
    expected = expected_metrics(counts)
    said = {}
    for name in METRICS:
        undefined = found[name] is None or is_undefined(found[name])
        if undefined and not denominators(counts)[name]:
            raise zero_over_zero(counts, name, found[name])
        said[name] = number_in(found[name], f"one number for {name!r} of {call_of(counts)}")
    wrong = [name for name in METRICS if not near(said[name], expected[name], 1e-6)]
    if not wrong:
        return
    precision, recall = expected["precision"], expected["recall"]
    swapped = near(said["precision"], recall, 1e-6) and near(said["recall"], precision, 1e-6)
    first = wrong[0]
    seen = (
        f"{call_of(counts)}: expected {first} {expected[first]:.6f}; got {said[first]:.6f}"
        f"{percent_hint(said[first], expected[first])}"
    )
    if swapped and not near(precision, recall, 1e-6):
        raise Misconception("precision-recall-swapped", seen)
    if not denominators(counts)[first]:
        raise zero_over_zero(counts, first, said[first])
    if wrong == ["f1"] and near(said["f1"], (precision + recall) / 2, 1e-6):
        raise Misconception(
            "arithmetic-f1", f"{seen}. Precision is {precision:.4f}, recall {recall:.4f}"
        )
    for formula, value in other_shares(counts).items():
        if said[first] and near(said[first], value, 1e-6):
            raise wrong_result(f"{seen}. Yours equals {formula}")
    raise wrong_result(seen)


def zero_over_zero(
    counts: BinaryCounts,
    name: str,
    got: Any,
) -> Misconception:
    """Return the Misconception for a metric whose denominator is 0."""
    return Misconception(
        "zero-division-undecided",
        f"{call_of(counts)}: the denominator of {name} is 0; expected 0, got {shown(got)}",
    )


def call_of(counts: BinaryCounts) -> str:
    """Return the call of `four_metrics` with these counts, as a learner writes it."""
    return f"four_metrics(tp={counts.tp}, fp={counts.fp}, fn={counts.fn}, tn={counts.tn})"


def check_prevalence(
    found: float,
    accuracy: float,
    recall: float,
    all_error_rates: bool,
) -> None:
    """Check the highest prevalence that an accuracy and a recall allow.

    all_error_rates: whether the answer gave 1 - accuracy in all cases.
    The missed positives are at most all the errors: prevalence * (1 - recall) <= 1 - accuracy.
    """
    errors = 1 - accuracy
    expected = errors / (1 - recall)
    if near(found, expected, 1e-4):
        return
    people = 10_000
    positives = round(min(max(found, 0), 1) * people)
    seen = (
        f"highest_prevalence({accuracy}, {recall}): expected {expected:.4f}; "
        f"got {found:.4g}{percent_hint(found, expected)}"
    )
    if near(found, 1 / expected, 1e-4, 1e-4):
        raise wrong_result(f"{seen}. Yours is the quotient upside down")
    if not all_error_rates and found in [round(expected, digits) for digits in range(5)]:
        raise wrong_result(f"{seen}. Yours is rounded")
    if near(found, errors * (1 - recall), 1e-4):
        raise wrong_result(f"{seen}. You multiply by 1 - recall; expected that you divide by it")
    if expected < found <= 1:
        seen += (
            f". At your {found:.2%}, {positives:,} of 10,000 are positive and "
            f"{positives * (1 - recall):,.0f} of them are missed, but {people * errors:,.0f} "
            "errors are allowed"
        )
    elif all_error_rates:
        seen += f". At {expected:.2%} the misses alone make up all the errors"
    if all_error_rates:
        raise Misconception("prevalence-is-not-the-error-rate", seen)
    raise wrong_result(seen)


# ---- Exercise 4: evaluation batch by batch -------------------------------------------------------


def check_model_kept(
    model: nn.Module,
    before: Mapping[str, Tensor],
    condition: Mapping[str, Any],
    forwards: Forwards,
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
        raise wrong_result(
            f"expected that evaluate changes only the model's mode; it changed the values of "
            f"{first_and_more(moved)}"
        )
    different = comparisons.differences(
        dict(condition), comparisons.condition(model), but=("training",)
    )
    if different:
        more = f" ({len(different) - 1} more differences)" if different[1:] else ""
        raise wrong_result(
            f"expected that evaluate changes only the model's mode; {different[0]}{more}"
        )


def check_evaluation(
    accuracy: float,
    f1: float,
    pairs: Sequence[Pair],
    history: Sequence[Sequence[Pair]],
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


def check_whose_f1(
    f1: float,
    right: BinaryCounts,
    pairs: Sequence[Pair],
    seen: str,
) -> None:
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


# ---- Exercise 5: averages over classes -----------------------------------------------------------


class ClassMetrics(NamedTuple):
    """Metrics of a confusion matrix (K, K), true classes down; arrays (K,), one number a class.

    Macro and micro F1 are those of scikit-learn's f1_score with `zero_division=0`.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray  # how often each class occurs
    predicted: np.ndarray  # how often each class is predicted

    @property
    def macro(self) -> float:
        """The mean of the F1 of the classes."""
        return self.f1.mean()

    @property
    def weighted(self) -> float:
        """The mean of the F1 of the classes, each weighted by how often it occurs."""
        return (self.f1 * self.support).sum() / max(self.support.sum(), 1)

    @property
    def f1_of_means(self) -> float:
        """The F1 of the mean precision and the mean recall."""
        precision, recall = self.precision.mean(), self.recall.mean()
        return 2 * precision * recall / max(precision + recall, 1e-12)


def metrics_of_classes(matrix: Tensor) -> ClassMetrics:
    """Return the ClassMetrics of a confusion matrix (K, K) of whole numbers."""
    counts = matrix.double().numpy()
    hits = counts.diagonal()
    predicted, support = counts.sum(0), counts.sum(1)
    return ClassMetrics(
        precision=hits / predicted.clip(min=1),
        recall=hits / support.clip(min=1),
        f1=2 * hits / (predicted + support).clip(min=1),
        support=support,
        predicted=predicted,
    )


def check_averages(found: Any, matrix: Tensor) -> None:
    """Check the triple (F1 of each class, macro F1, micro F1) of a confusion matrix (K, K)."""
    metrics = metrics_of_classes(matrix)
    micro = share(int(matrix.diag().sum()), int(matrix.sum()))
    per_class, macro_found, micro_found = parts_of(
        found, 3, "the three values per_class, macro and micro"
    )
    try:
        values = list(per_class)
        if isinstance(per_class, dict | set | str):  # their order or elements are not the classes'
            raise TypeError
    except TypeError:
        raise unlike(
            per_class,
            f"expected a tensor or list of {len(matrix)} numbers for per_class; got "
            f"{described(per_class)}",
        ) from None
    for value in (*values, macro_found, micro_found):
        if value is None or is_undefined(value):
            raise Misconception(
                "zero-division-undecided",
                f"averages({matrix.tolist()}): expected 0 where a denominator is 0; got "
                f"{shown(value)}",
            )
    said = np.array([number_in(value, "a number for each class") for value in values])
    said_macro = number_in(macro_found, "one number for macro")
    said_micro = number_in(micro_found, "one number for micro")
    check_per_class(said, metrics, matrix)
    check_macro(said_macro, metrics, micro)
    if not near(said_micro, micro):
        seen = (
            f"averages({matrix.tolist()}): expected micro {micro:.3f}; got {said_micro:.3f}"
            f"{percent_hint(said_micro, micro)}"
        )
        if near(said_micro, metrics.macro):
            raise Misconception("micro-taken-for-macro", f"{seen}, which is the macro F1")
        raise wrong_result(seen)


def check_per_class(said: np.ndarray, metrics: ClassMetrics, matrix: Tensor) -> None:
    """Check the F1 (K,) of the classes."""
    classes = len(matrix)
    if len(said) != classes:
        occurring = {
            int((metrics.support > 0).sum()),
            int((metrics.support + metrics.predicted > 0).sum()),
        }
        raise Misconception(
            "absent-class-forgotten" if len(said) in occurring else "wrong-result",
            f"averages({matrix.tolist()}): expected {classes} numbers in per_class; got "
            f"{len(said)}",
        )
    differences = np.abs(said - metrics.f1)
    if (differences <= 1e-5).all():
        return
    worst = int(differences.argmax())
    seen = (
        f"averages({matrix.tolist()}): class {worst} has precision "
        f"{metrics.precision[worst]:.3f} and recall {metrics.recall[worst]:.3f}; expected its F1, "
        f"{metrics.f1[worst]:.3f}; got {said[worst]:.3f}"
        f"{percent_hint(said[worst], metrics.f1[worst])}"
    )
    if (np.abs(said - (metrics.precision + metrics.recall) / 2) <= 1e-5).all():
        raise Misconception("arithmetic-f1", seen)
    for name, values in (("recall", metrics.recall), ("precision", metrics.precision)):
        if (np.abs(said - values) <= 1e-5).all():
            raise wrong_result(f"{seen}. Your numbers are the {name} of each class")
    raise wrong_result(seen)


def check_macro(
    said: float,
    metrics: ClassMetrics,
    micro: float,
) -> None:
    """Check the macro F1."""
    if near(said, metrics.macro):
        return
    seen = (
        f"the F1 of the classes are {metrics.f1.round(3).tolist()}: expected macro "
        f"{metrics.macro:.3f}; got {said:.3f}{percent_hint(said, metrics.macro)}"
    )
    if near(said, micro):
        raise Misconception("micro-taken-for-macro", f"{seen}, which is the micro F1")
    if near(said, metrics.weighted):
        support = metrics.support.astype(int).tolist()
        raise Misconception(
            "weighted-taken-for-macro",
            f"{seen}. Yours weights each class by how often it occurs, {support}",
        )
    if near(said, metrics.f1_of_means):
        raise Misconception("f1-of-averages", seen)
    for kept in (metrics.support > 0, metrics.support + metrics.predicted > 0):
        if kept.any() and near(said, metrics.f1[kept].mean()):
            raise Misconception(
                "absent-class-forgotten",
                f"{seen}. Yours is the mean over {kept.sum()} of {len(kept)} classes",
            )
    raise wrong_result(seen)
