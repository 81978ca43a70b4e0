"""The thought behind a wrong metric, exercises 1 to 3 of lesson 06: each function raises it.

A function called `check_...` returns nothing where the result is right.
"""

from typing import Any

import torch
from torch import Tensor

from course.checking.binary import BinaryCounts
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import near, number_in, shown
from course.lessons.lesson06.parts import is_undefined, percent_hint

# ---- Exercise 1: a confusion matrix --------------------------------------------------------------


def count_pairs(labels: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """Return the confusion matrix (classes, classes): true classes down, predicted ones across."""
    matrix = [[0] * classes for _ in range(classes)]
    for label, prediction in zip(labels.tolist(), predicted.tolist(), strict=False):
        matrix[label][prediction] += 1
    return torch.tensor(matrix)


def check_confusion(found: Tensor, logits: Tensor, labels: Tensor) -> None:
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


def check_matrix_shape(found: Tensor, labels: Tensor, predicted: Tensor, classes: int) -> None:
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


def zero_over_zero(counts: BinaryCounts, name: str, got: Any) -> Misconception:
    """Return the Misconception for a metric whose denominator is 0."""
    return Misconception(
        "zero-division-undecided",
        f"{call_of(counts)}: the denominator of {name} is 0; expected 0, got {shown(got)}",
    )


def call_of(counts: BinaryCounts) -> str:
    """Return the call of `four_metrics` with these counts, as a learner writes it."""
    return f"four_metrics(tp={counts.tp}, fp={counts.fp}, fn={counts.fn}, tn={counts.tn})"


def check_prevalence(found: float, accuracy: float, recall: float, all_error_rates: bool) -> None:
    """Check the highest prevalence that an accuracy and a recall allow.

    all_error_rates: whether the answer gave 1 - accuracy in all cases.
    The missed positives are at most all the errors: prevalence * (1 - recall) <= 1 - accuracy.
    """
    errors = 1 - accuracy
    expected = errors / (1 - recall)
    if near(found, expected, 2e-5):
        return
    people = 10_000
    positives = round(min(max(found, 0), 1) * people)
    seen = (
        f"highest_prevalence({accuracy}, {recall}): expected {expected:.6f}; "
        f"got {found:.6g}{percent_hint(found, expected)}"
    )
    if near(found * expected, 1, 1e-4):
        raise wrong_result(f"{seen}. Yours is the quotient upside down")
    if found and not all_error_rates and found in [round(expected, n) for n in range(5)]:
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
