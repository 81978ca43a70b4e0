"""The thought behind a wrong threshold of lesson 06, and behind wrong flags.

A thought is named only where it explains all that an answer did, and no other thought does.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from course.checking.batch_of_one import code_of_shape
from course.checking.binary import BinaryCounts, count_binary
from course.checking.misconception import Misconception, wrong_result
from course.checking.values import near
from course.lessons.lesson06.fixtures import counts_at_thresholds

# ---- Exercise 6: flag ----------------------------------------------------------------------------


class Flags(NamedTuple):
    """What an answer has flagged."""

    logits: Tensor  # (B, 2)
    threshold: float
    found: Tensor

    @property
    def probabilities(self) -> Tensor:
        """The probabilities (B,) of class 1."""
        return self.logits.softmax(1)[:, 1]

    @property
    def expected(self) -> Tensor:
        """Which rows (B,) have a probability of at least the threshold."""
        return self.probabilities >= self.threshold

    @property
    def where(self) -> str:
        """The call, for messages."""
        return f"threshold {self.threshold}, logits of shape {tuple(self.logits.shape)}"


WRONG_FLAGS: dict[str, Callable[[Flags], Tensor]] = {
    "at-least-includes-equal": lambda flags: flags.probabilities > flags.threshold,
    "logits-taken-for-probabilities": lambda flags: flags.logits[:, 1] >= flags.threshold,
    "over-the-batch": lambda flags: flags.logits.softmax(0)[:, 1] >= flags.threshold,
    "one-logit-of-two": lambda flags: flags.logits[:, 1].sigmoid() >= flags.threshold,
    "argmax-has-decided": lambda flags: flags.logits.argmax(1) == 1,
}


def check_flags(tried: Sequence[Flags]) -> None:
    """Check which rows of logits an answer has flagged, at several thresholds.

    A thought is named only where it explains all that was flagged, and no other thought does.
    """
    for flags in tried:
        shape, found_shape = tuple(flags.expected.shape), tuple(flags.found.shape)
        if found_shape != shape:
            raise Misconception(
                code_of_shape(found_shape, shape),
                f"{flags.where}: expected a tensor of shape {shape}; got {found_shape}",
            )
    wrong = [flags for flags in tried if not torch.equal(flags.found.bool(), flags.expected)]
    first = (wrong or tried)[0]
    if not wrong and first.found.dtype != torch.bool:
        raise wrong_result(
            f"{first.where}: the right rows are flagged, but the dtype is {first.found.dtype}; "
            "expected torch.bool, because images[flags] selects rows with a bool tensor only"
        )
    if not wrong:
        return
    found, expected = first.found.bool(), first.expected
    row = (found != expected).nonzero()[0].item()
    seen = (
        f"{first.where}: expected {expected.sum()} flagged; got {found.sum()}. Row {row}, logits "
        f"{first.logits[row, 0]:.5g} and {first.logits[row, 1]:.5g}, has the probability "
        f"{first.probabilities[row]:.5f} of class 1: expected {expected[row].item()}; got "
        f"{found[row].item()}"
    )
    codes = []
    for code, wrong_flags in WRONG_FLAGS.items():
        if all(torch.equal(flags.found.bool(), wrong_flags(flags)) for flags in tried):
            codes.append(code)
    if len(codes) == 1:
        raise Misconception(codes[0], seen)
    if torch.equal(found, first.logits.softmax(1)[:, 0] >= first.threshold):
        seen += ". You flag where the probability of class 0 is at least the threshold"
    exponentials = first.logits.exp()
    if not exponentials.isfinite().all():
        by_hand = exponentials[:, 1] / exponentials.sum(1)
        if torch.equal(found, by_hand >= first.threshold):
            seen += (
                ". The exponential of such a logit is infinite, and infinite / infinite is NaN: "
                "softmax subtracts the largest logit first"
            )
    raise wrong_result(seen)


# ---- Exercise 7: choose a threshold --------------------------------------------------------------


class Choice(NamedTuple):
    """A threshold that an answer has chosen, and what it was chosen from."""

    probabilities: Tensor  # (N,)
    labels: Tensor  # (N,)
    metric: str  # "precision" or "recall": what has a minimum
    minimum: float
    threshold: float

    @property
    def other(self) -> str:
        """The metric that has no minimum."""
        return "recall" if self.metric == "precision" else "precision"

    @property
    def counts(self) -> BinaryCounts:
        """The counts at the chosen threshold."""
        return count_binary(self.probabilities.double() >= self.threshold, self.labels)

    @property
    def all_counts(self) -> dict[float, BinaryCounts]:
        """The counts at each probability as a threshold."""
        return counts_at_thresholds(self.probabilities, self.labels)


def value_of(counts: BinaryCounts, metric: str) -> float:
    """Return the precision or the recall, whichever `metric` names."""
    return counts.precision if metric == "precision" else counts.recall


def reaches_minimum(
    counts: BinaryCounts,
    metric: str,
    minimum: float,
    strictly: bool = False,
) -> bool:
    """Return whether precision or recall is at least the minimum, or, with `strictly`, above it."""
    whole = counts.flagged if metric == "precision" else counts.positive
    excess = counts.tp - minimum * whole
    return excess > 1e-9 if strictly else excess >= -1e-9


def best_counts(
    thresholds: Mapping[float, BinaryCounts],
    metric: str,
    minimum: float,
    strictly: bool = False,
) -> tuple[float, BinaryCounts] | None:
    """Return the threshold with the most of the other metric among those that reach the minimum,
    and its counts; None where none does.
    """
    other = "recall" if metric == "precision" else "precision"
    able = []
    for threshold, counts in thresholds.items():
        if counts.flagged and reaches_minimum(counts, metric, minimum, strictly):
            able.append((threshold, counts))
    return max(able, key=lambda pair: value_of(pair[1], other), default=None)


def same_metrics(one: BinaryCounts, two: BinaryCounts) -> bool:
    """Return whether precision and recall are equal."""
    return near(one.precision, two.precision) and near(one.recall, two.recall)


def is_right(choice: Choice) -> bool:
    """Return whether a chosen threshold reaches the minimum and has the most of the other metric.

    Precision needs something flagged: a threshold that flags nothing has no precision.
    """
    counts = choice.counts
    _, best = best_counts(choice.all_counts, choice.metric, choice.minimum)
    if not counts.flagged or not reaches_minimum(counts, choice.metric, choice.minimum):
        return False
    return near(value_of(counts, choice.other), value_of(best, choice.other))


def swapped_roles(choice: Choice) -> bool:
    """Return whether the minimum was put on the other metric."""
    best = best_counts(choice.all_counts, choice.other, choice.minimum)
    return best is not None and same_metrics(choice.counts, best[1])


def highest(choice: Choice, metric: str) -> bool:
    """Return whether no threshold has a higher accuracy or F1; `metric` names the attribute."""
    most = max(getattr(counts, metric) for counts in choice.all_counts.values())
    return near(getattr(choice.counts, metric), most)


def strictly_above(choice: Choice) -> bool:
    """Return whether equality with the minimum, or with the threshold, was left out."""
    probabilities, labels = choice.probabilities, choice.labels
    above = best_counts(choice.all_counts, choice.metric, choice.minimum, strictly=True)
    if above and reaches_minimum(choice.counts, choice.metric, choice.minimum, strictly=True):
        if near(value_of(choice.counts, choice.other), value_of(above[1], choice.other)):
            return True
    flagged_above = counts_at_thresholds(probabilities, labels, strictly=True)
    best = best_counts(flagged_above, choice.metric, choice.minimum)
    return best is not None and near(choice.threshold, best[0], 1e-9)


def on_a_grid(choice: Choice) -> bool:
    """Return whether a threshold is a best one of 0, 0.01, 0.02 and so on, or of thousandths."""
    for parts in (100, 1000):
        grid = {}
        for step in range(parts + 1):
            flags = choice.probabilities.double() >= step / parts
            grid[step / parts] = count_binary(flags, choice.labels)
        best = best_counts(grid, choice.metric, choice.minimum)
        is_step = near(choice.threshold, round(choice.threshold * parts) / parts, 1e-6)
        if not best or not is_step:
            continue
        able = reaches_minimum(choice.counts, choice.metric, choice.minimum)
        if able and near(value_of(choice.counts, choice.other), value_of(best[1], choice.other)):
            return True
    return False


THOUGHTS: dict[str, Callable[[Choice], bool]] = {
    "precision-recall-swapped": swapped_roles,
    "accuracy-alone": lambda choice: highest(choice, "accuracy"),
    "f1-alone": lambda choice: highest(choice, "f1"),
    "argmax-has-decided": lambda choice: choice.threshold == 0.5,
    "at-least-includes-equal": lambda choice: is_right(choice) or strictly_above(choice),
    "grid-of-thresholds": on_a_grid,
}


def check_thresholds(choices: Sequence[Choice]) -> None:
    """Check all the thresholds that an answer has chosen.

    A thought is named only where it explains the choice in every case, and no other thought does.
    """
    wrong = [choice for choice in choices if not is_right(choice)]
    if not wrong:
        return
    first = wrong[0]
    counts = first.counts
    threshold, best = best_counts(first.all_counts, first.metric, first.minimum)
    total = len(first.labels)
    seen = (
        f"choose_threshold(..., {first.metric!r}, {first.minimum}) for {total} "
        f"image{'s' if total > 1 else ''}: your threshold {first.threshold:.5g} flags "
        f"{counts.flagged} and has precision {counts.precision:.3f}, recall {counts.recall:.3f}; "
        f"expected one such as {threshold:.5g}, with precision {best.precision:.3f}, recall "
        f"{best.recall:.3f}"
    )
    codes = [code for code, explains in THOUGHTS.items() if all(map(explains, choices))]
    if len(codes) == 1:
        raise Misconception(codes[0], seen)
    if counts.flagged and reaches_minimum(counts, first.metric, first.minimum):
        raise Misconception("other-metric-ignored", seen)
    if not 0 <= first.threshold <= 1:
        seen += ". No probability is outside 0 to 1, so yours may be a place in a list"
    equal = int((first.probabilities == first.threshold).sum())
    if equal > 1:
        seen += f". {equal} images have exactly your threshold as probability: all are flagged"
    raise wrong_result(seen)
