"""The thought behind a wrong result of lesson 06: each function raises the Misconception it finds.

A function called `check_...` returns nothing where the result is right.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course.checking import comparisons
from course.checking.binary import BinaryCounts, count_binary
from course.checking.misconception import Misconception, unlike, wrong_result
from course.checking.values import near, number
from course.lessons.lesson06.fixtures import Forwards, Pair, counts_at_thresholds, counts_over

# ---- numbers -------------------------------------------------------------------------------------


def parts_of(
    found: Any,
    count: int,
    asked: str,
) -> tuple:
    """Return `found` as a tuple of `count` parts; `asked` says in words which."""
    if found is None:
        raise unlike(found, f"expected {asked}; you return None")
    try:
        parts = tuple(found)
    except TypeError:
        parts = (found,)
    if len(parts) != count:
        raise unlike(found, f"expected {asked}; you return {parts!r:.80}")
    return parts


def percent_hint(found: float, expected: float) -> str:
    """Return a hint where `found` is the expected share in percent, else an empty string."""
    return " (a percentage is not a share)" if near(found, 100 * expected) else ""


# ---- Exercise 1: a confusion matrix --------------------------------------------------------------


def count_pairs(
    labels: Tensor,
    guesses: Tensor,
    classes: int,
) -> Tensor:
    """Return the confusion matrix (classes, classes): true classes down, guesses across."""
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for label, guess in zip(labels, guesses, strict=False):
        matrix[label, guess] += 1
    return matrix


def check_confusion(
    found: Tensor,
    logits: Tensor,
    labels: Tensor,
    where: str,
) -> None:
    """Check a confusion matrix of logits (B, K) and labels (B,)."""
    count, classes = logits.shape
    expected = count_pairs(labels, logits.argmax(1), classes)
    if found.shape != expected.shape:
        absent = min(set(range(classes)) - set(labels.tolist()))
        is_smaller = found.ndim == 2 and len(found) < classes
        raise Misconception(
            "absent-class-forgotten" if is_smaller else "wrong-result",
            f"{where}: your matrix is {tuple(found.shape)}; expected {(classes, classes)}. "
            f"In these labels class {absent} does not occur",
        )
    if torch.equal(found, expected):
        return
    seen = f"{where}: your matrix is {found.tolist()}; it is {expected.tolist()}"
    if torch.equal(found, expected.T):
        raise Misconception("matrix-transposed", seen)
    over_batch = count_pairs(labels, logits.argmax(0) % classes, classes)
    if torch.equal(found, over_batch) or torch.equal(found, over_batch.T):
        raise Misconception("over-the-batch", seen)
    if found.is_floating_point() and torch.allclose(found.double(), expected.double()):
        raise wrong_result(
            f"{where}: the counts are right, but {found.dtype}; expected whole numbers"
        )
    raise wrong_result(f"{seen} ({found.sum()} of {count} pictures counted)")


# ---- Exercises 2 and 3: scores from counts -------------------------------------------------------

SCORES = ("accuracy", "precision", "recall", "f1")


def check_scores(found: dict, counts: BinaryCounts) -> None:
    """Check a dict with one number for each of SCORES."""
    for name in SCORES:
        if name not in found:
            keys = ", ".join(map(repr, found))
            raise wrong_result(f"your dict has no {name!r}, but {keys}")
    precision, recall = counts.precision, counts.recall
    expected = dict(zip(SCORES, (counts.accuracy, precision, recall, counts.f1), strict=True))
    said = {name: number(found[name], f"one number for {name}") for name in SCORES}
    wrong = [name for name in SCORES if not near(said[name], expected[name], 1e-6)]
    if not wrong:
        return
    first = wrong[0]
    seen = (
        f"{call_of_scores(counts)}: you say {first} {said[first]:.4f}; "
        f"it is {expected[first]:.4f}{percent_hint(said[first], expected[first])}"
    )
    if any(np.isnan(said[name]) for name in wrong):
        raise Misconception("zero-division-undecided", seen)
    swapped = near(said["precision"], recall, 1e-6) and near(said["recall"], precision, 1e-6)
    if swapped and precision != recall:
        raise Misconception("precision-recall-swapped", seen)
    if wrong == ["f1"] and near(said["f1"], (precision + recall) / 2, 1e-6):
        raise Misconception(
            "arithmetic-f1", f"{seen}. Precision is {precision:.4f}, recall {recall:.4f}"
        )
    raise wrong_result(seen)


def call_of_scores(counts: BinaryCounts) -> str:
    """Return the call of `scores` with these counts, as a learner writes it."""
    return f"scores(tp={counts.tp}, fp={counts.fp}, fn={counts.fn}, tn={counts.tn})"


def check_prevalence(
    found: float,
    accuracy: float,
    recall: float,
) -> None:
    """Check the highest prevalence that an accuracy and a recall allow.

    The missed positives are at most all the errors: prevalence * (1 - recall) <= 1 - accuracy.
    """
    errors = 1 - accuracy
    expected = errors / (1 - recall)
    if near(found, expected, 1e-4):
        return
    people = 10_000
    positives = round(min(max(found, 0), 1) * people)
    seen = (
        f"highest_prevalence({accuracy}, {recall}): you say {found:.4g}; "
        f"it is {expected:.4f}{percent_hint(found, expected)}"
    )
    is_error_rate = near(found, errors, 1e-4)
    if found > expected:
        seen += (
            f". At {found:.2%}, {positives:,} of 10,000 are positive, "
            f"{positives * (1 - recall):,.0f} of them are missed, "
            f"and only {people * errors:,.0f} errors are allowed"
        )
    elif is_error_rate:
        seen += (
            f". At {expected:.2%} the misses alone are all the errors there are: "
            "that share may be positive"
        )
    if is_error_rate and recall:
        raise Misconception("prevalence-is-not-the-error-rate", seen)
    raise wrong_result(seen)


# ---- Exercise 4: evaluation batch by batch -------------------------------------------------------


def check_eval_mode(
    model: nn.Module,
    before: Mapping[str, Tensor],
    forwards: Forwards,
) -> None:
    """Check that an evaluation left the buffers alone and ran in eval mode."""
    moved = comparisons.moved_since(model, before)
    if moved:
        raise Misconception(
            "evaluated-in-train-mode",
            f"after the call {moved[0]} has another value: the model ran in train mode",
        )
    if any(forwards.modes):
        raise Misconception(
            "evaluated-in-train-mode",
            f"{sum(forwards.modes)} of {len(forwards.modes)} forwards ran in train mode, "
            "Dropout at work",
        )


def check_evaluation(
    accuracy: float,
    f1: float,
    pairs: Sequence[Pair],
    history: Sequence[Sequence[Pair]],
    lengths: Sequence[int],
) -> None:
    """Check accuracy and F1 of one epoch.

    pairs: (guesses (B,), labels (B,)) of each batch; history: those of the epochs before;
    lengths: the sizes of the batches.
    """
    right = counts_over(pairs)
    if near(accuracy, right.accuracy) and near(f1, right.f1):
        return
    seen = (
        f"batches of {', '.join(map(str, lengths))}: you say accuracy {accuracy:.3f}, "
        f"F1 {f1:.3f}; it is {right.accuracy:.3f} and {right.f1:.3f}"
    )
    since_first = counts_over([pair for epoch in (*history, pairs) for pair in epoch])
    if history and (near(accuracy, since_first.accuracy) or near(f1, since_first.f1)):
        raise Misconception(
            "metric-never-reset",
            f"call {len(history) + 1}, {seen}. Yours are the scores of all pictures since the "
            "first call",
        )
    each = [counts_over([pair]) for pair in pairs]
    mean_of_accuracies = np.mean([counts.accuracy for counts in each])
    if near(accuracy, mean_of_accuracies) and not near(accuracy, right.accuracy):
        raise Misconception("mean-of-batch-accuracies", seen)
    f1_of_all = [counts.f1 for counts in each]
    f1_of_defined = [counts.f1 for counts in each if counts.flagged or counts.positive]
    if near(f1, np.mean(f1_of_all)) or near(f1, np.mean(f1_of_defined)):
        raise Misconception("f1-averaged-per-batch", seen)
    of_class_0 = counts_over([(1 - guesses, 1 - labels) for guesses, labels in pairs])
    if near(f1, of_class_0.f1):
        raise wrong_result(f"{seen}. That is the F1 of class 0")
    raise wrong_result(seen + percent_hint(accuracy, right.accuracy))


# ---- Exercise 5: averages over classes -----------------------------------------------------------


class ClassScores(NamedTuple):
    """Scores of a confusion matrix (K, K), true classes down; arrays (K,), one number a class.

    Macro and micro F1 are those of scikit-learn's f1_score with `zero_division=0`.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray  # how often each class occurs

    @property
    def macro(self) -> float:
        """The mean of the F1 of the classes."""
        return self.f1.mean()

    @property
    def weighted(self) -> float:
        """The mean of the F1 of the classes, each weighted by how often it occurs."""
        return (self.f1 * self.support).sum() / self.support.sum()

    @property
    def f1_of_means(self) -> float:
        """The F1 of the mean precision and the mean recall."""
        precision, recall = self.precision.mean(), self.recall.mean()
        return 2 * precision * recall / (precision + recall)


def scores_of_classes(matrix: Tensor) -> ClassScores:
    """Return the ClassScores of a confusion matrix (K, K) of whole numbers."""
    counts = matrix.double().numpy()
    hits = counts.diagonal()
    guessed, support = counts.sum(0), counts.sum(1)
    return ClassScores(
        precision=hits / guessed.clip(min=1),
        recall=hits / support.clip(min=1),
        f1=2 * hits / (guessed + support).clip(min=1),
        support=support,
    )


def check_averages(found: Any, matrix: Tensor) -> None:
    """Check the triple (F1 of each class, macro F1, micro F1) of a confusion matrix (K, K)."""
    scores = scores_of_classes(matrix)
    hits, total = int(matrix.diag().sum()), int(matrix.sum())
    micro = hits / total
    per_class, macro_found, micro_found = parts_of(found, 3, "(per_class, macro, micro)")
    said = np.array([number(value, "a number for each class") for value in per_class])
    said_macro = number(macro_found, "one number for macro")
    said_micro = number(micro_found, "one number for micro")
    if said.shape != (len(matrix),):
        raise wrong_result(f"{len(said)} numbers for {len(matrix)} classes")
    if np.isnan([*said, said_macro, said_micro]).any():
        raise Misconception(
            "zero-division-undecided",
            f"{matrix.tolist()}: you say {said.round(3).tolist()}, macro {said_macro:.3f}",
        )
    check_per_class(said, scores)
    check_macro(said_macro, scores, micro)
    if not near(said_micro, micro, 1e-4):
        seen = f"{hits} of {total} are right; you say micro {said_micro:.3f}, it is {micro:.3f}"
        if near(said_micro, scores.macro, 1e-4):
            raise Misconception("micro-taken-for-macro", seen)
        raise wrong_result(seen)


def check_per_class(said: np.ndarray, scores: ClassScores) -> None:
    """Check the F1 (K,) of the classes."""
    if np.allclose(said, scores.f1, atol=1e-4):
        return
    worst = int(np.abs(said - scores.f1).argmax())
    seen = (
        f"class {worst} has precision {scores.precision[worst]:.3f} and recall "
        f"{scores.recall[worst]:.3f}: its F1 is {scores.f1[worst]:.3f}; "
        f"you say {said[worst]:.3f}"
    )
    if np.allclose(said, (scores.precision + scores.recall) / 2, atol=1e-4):
        raise Misconception("arithmetic-f1", seen)
    raise wrong_result(seen)


def check_macro(
    said: float,
    scores: ClassScores,
    micro: float,
) -> None:
    """Check the macro F1."""
    if near(said, scores.macro, 1e-4):
        return
    seen = (
        f"the F1 of the classes are {scores.f1.round(3).tolist()}; "
        f"you say macro {said:.3f}, it is {scores.macro:.3f}"
    )
    if near(said, micro, 1e-4):
        raise Misconception("micro-taken-for-macro", seen)
    if near(said, scores.weighted, 1e-4):
        support = scores.support.astype(int).tolist()
        raise Misconception(
            "weighted-taken-for-macro",
            f"{seen}. Yours counts each class as often as it occurs, {support}",
        )
    if near(said, scores.f1_of_means, 1e-4):
        raise Misconception("f1-of-averages", seen)
    raise wrong_result(seen)


# ---- Exercises 6 and 7: thresholds ---------------------------------------------------------------


def check_flags(
    found: Tensor,
    logits: Tensor,
    threshold: float,
) -> None:
    """Check which rows of logits (B, 2) are flagged (B,) at a threshold on the probability."""
    count = len(logits)
    probabilities = logits.softmax(1)[:, 1]
    expected = probabilities >= threshold
    if found.shape != expected.shape:
        raise wrong_result(
            f"for {count} rows of logits you return {tuple(found.shape)}; expected ({count},)"
        )
    found = found.bool()
    if torch.equal(found, expected):
        return
    row = (found != expected).nonzero()[0].item()
    seen = (
        f"threshold {threshold}: you flag {found.sum()} of {count}, {expected.sum()} are asked. "
        f"Row {row}, logits {logits[row, 0]:.2f} and {logits[row, 1]:.2f}, has the probability "
        f"{probabilities[row]:.2f}: you say {found[row].item()}"
    )
    wrong_flags = {
        "logits-taken-for-probabilities": logits[:, 1] >= threshold,
        "over-the-batch": logits.softmax(0)[:, 1] >= threshold,
        "one-logit-of-two": logits[:, 1].sigmoid() >= threshold,
        "argmax-has-decided": logits.argmax(1) == 1,
    }
    for code, flags in wrong_flags.items():
        if torch.equal(found, flags):
            raise Misconception(code, seen)
    raise wrong_result(seen)


def score_of(counts: BinaryCounts, purpose: str) -> float:
    """Return the precision or the recall, whichever `purpose` names."""
    return counts.precision if purpose == "precision" else counts.recall


def best_threshold(
    thresholds: Mapping[float, BinaryCounts],
    floor_on: str,
    least: float,
    other: str,
) -> float | None:
    """Return the threshold with the most of `other` among those that reach the floor, if any does.

    floor_on and other: "precision" and "recall", or the reverse; least: the floor.
    """
    able = []
    for threshold, counts in thresholds.items():
        if score_of(counts, floor_on) >= least:
            able.append(threshold)
    return max(able, key=lambda t: score_of(thresholds[t], other), default=None)


def check_threshold(
    threshold: float,
    probabilities: Tensor,
    labels: Tensor,
    purpose: str,
    least: float,
) -> BinaryCounts:
    """Check a threshold chosen for a purpose, "precision" or "recall"; return its counts.

    probabilities: (N,); labels: (N,); least: the floor under the score that `purpose` names.
    """
    other = "recall" if purpose == "precision" else "precision"
    thresholds = counts_at_thresholds(probabilities, labels)
    best = best_threshold(thresholds, purpose, least, other)
    flags = probabilities >= threshold
    have, want = count_binary(flags, labels), thresholds[best]
    reaches_floor = score_of(have, purpose) >= least - 1e-9
    if reaches_floor and near(score_of(have, other), score_of(want, other)):
        return have
    seen = (
        f"choose_threshold(..., {purpose!r}, {least}): at your {threshold:.3g}, {have.flagged} of "
        f"{len(labels)} are flagged, precision {have.precision:.2f}, recall {have.recall:.2f}; "
        f"{best:.3g} has precision {want.precision:.2f}, recall {want.recall:.2f}"
    )
    for_other = best_threshold(thresholds, other, least, purpose)
    if for_other is not None:
        swapped = thresholds[for_other]
        same_precision = near(have.precision, swapped.precision)
        if same_precision and near(have.recall, swapped.recall):
            raise Misconception("precision-recall-swapped", seen)
    if score_of(have, purpose) < least and threshold == 0.5:
        raise Misconception("argmax-has-decided", seen)
    highest_accuracy = max(counts.accuracy for counts in thresholds.values())
    if near(have.accuracy, highest_accuracy):
        raise Misconception(
            "accuracy-alone", f"{seen}. Yours has the highest accuracy, {highest_accuracy:.2f}"
        )
    if score_of(have, purpose) >= least:
        raise Misconception("floor-at-any-price", seen)
    equal = int((probabilities == threshold).sum())
    if equal > 1:
        seen += f". {equal} fruits have that very probability, and are flagged together"
    raise wrong_result(seen)
