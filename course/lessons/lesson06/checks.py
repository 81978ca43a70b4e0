"""Lesson 06, metrics and thresholds: the checks of its exercises.

fixtures.py has what they try answers on; the other modules beside it name the thought behind a
wrong result.
"""

import itertools
from collections.abc import Callable, Sequence

import torch

from course.checking import batch_of_one, comparisons
from course.checking.binary import BinaryCounts
from course.checking.check import check, expect
from course.checking.misconception import Misconception
from course.checking.values import near, number, number_in, shown
from course.lessons.lesson06.averages import check_averages, metrics_of_classes
from course.lessons.lesson06.diagnosis import (
    METRICS,
    call_of,
    check_confusion,
    check_metrics,
    check_prevalence,
    denominators,
    share,
)
from course.lessons.lesson06.evaluation import (
    check_evaluation,
    check_model_kept,
    everything_but_values,
)
from course.lessons.lesson06.fixtures import (
    confusion_matrices,
    generator,
    made_up_labels,
    noise,
    planned_batches,
    planned_model,
    ranked,
    record_forwards,
)
from course.lessons.lesson06.parts import is_undefined, parts_of
from course.lessons.lesson06.thresholds import Choice, Flags, check_flags, check_thresholds

# ---- counts and metrics --------------------------------------------------------------------------


@check
def confusion(
    answer: Callable,
    shapes: Sequence[tuple[int, int]] = ((6, 6), (50, 3), (4, 4), (1, 5), (50_000, 2)),
    seed: int = 1,
) -> str:
    """Exercise 1: how often was each true class taken for each class, as a matrix (K, K)?

    shapes: (images, classes); the first is a square batch, in which a mistaken dimension raises no
    error. With more than two classes the last never occurs, and the one before it is never
    predicted; with two, the second is hardly predicted, so that in the last case one count is more
    than int16 can hold. Hidden: other sizes.
    """
    for count, classes in shapes:
        logits = noise(seed, count, classes) - 3  # most are negative
        labels = made_up_labels(seed, count, max(classes - 1, 2))
        if classes > 2:
            logits[:, classes - 2] -= 9  # this class is never predicted
        else:
            logits[:, 1] -= 4
        with batch_of_one.errors_told(count, f"logits of shape ({count}, {classes})"):
            found = answer(logits.clone(), labels.clone())
        expect(found, torch.Tensor, f"a tensor of shape ({classes}, {classes})")
        check_confusion(found, logits, labels)
    total = sum(count for count, _ in shapes)
    return (
        f"each of {total:,} images is counted in its row and column, and classes that do not occur "
        "have a row and a column as well."
    )


@check
def four_metrics(
    answer: Callable,
    cases: Sequence[tuple[int, ...]] = ((40, 5, 10, 45), (24, 24, 176, 9776), (3, 9, 0, 2)),
    large: tuple[int, ...] = (20_003, 10_007, 15_001, 30_011),
    drawn: int = 40,
    seed: int = 0,
) -> str:
    """Exercise 2: what are accuracy, precision, recall and F1 of four counts?

    cases: (tp, fp, fn, tn), and `large` is one that int16 and float16 cannot hold; `drawn` more are
    drawn at random, and four have a denominator of 0. Hidden: other counts.
    """
    draws = torch.randint(1, 60, (drawn, 4), generator=generator(seed)).tolist()
    undefined = [(0, 0, 7, 20), (0, 6, 0, 9), (0, 0, 0, 5), (0, 0, 0, 0)]
    for case in (*cases, large, *draws, *undefined):
        counts = BinaryCounts(*case)
        try:
            found = answer(*counts)
        except ZeroDivisionError as problem:
            zero = [name for name, whole in denominators(counts).items() if not whole]
            if not zero and counts.tp:
                raise
            raise Misconception(
                "zero-division-undecided",
                f"{call_of(counts)}: your function raises `{problem!r}`; expected 0 where a "
                "denominator is 0",
            ) from None
        expect(found, dict, f"a dict with {', '.join(METRICS)}")
        check_metrics(found, counts)
    return (
        f"the four metrics of {len(cases) + 1 + drawn} confusion matrices are right, and 0 where a "
        "denominator is 0."
    )


@check
def highest_prevalence(
    answer: Callable,
    cases: Sequence[tuple[float, float]] = ((0.98, 0.12), (0.9, 0.5), (0.8, 0.0), (1.0, 0.25)),
) -> str:
    """Exercise 3: which share of positives do an accuracy and a recall allow at most?

    cases: (accuracy, recall), once with a recall of 0, once with an accuracy of 1. Hidden: other
    numbers.
    """
    told, given = [], []
    for accuracy, recall in cases:
        found = number(answer(accuracy, recall), "one number from 0 to 1")
        given.append((found, accuracy, recall))
    all_error_rates = all(near(found, 1 - accuracy, 1e-4) for found, accuracy, _ in given)
    for found, accuracy, recall in given:
        check_prevalence(found, accuracy, recall, all_error_rates)
        told.append(f"{(1 - accuracy) / (1 - recall):.2%} for {accuracy:.0%} and {recall:.0%}")
    return f"{', '.join(told)}."


# ---- averages ------------------------------------------------------------------------------------


@check
def evaluate(
    answer: Callable,
    sizes: Sequence[Sequence[int]] = ((32, 32, 1), (30, 9), (3, 4_017, 4)),
    seed: int = 0,
) -> str:
    """Exercise 4: what are accuracy and F1 over all batches of an epoch, in eval mode?

    sizes: the sizes of the batches of each epoch; the counts of the large batch are more than
    uint8 and float16 can hold. The function is called once an epoch, each time with other images;
    in one more epoch no label and no prediction is positive. The model comes in train mode and in
    eval mode by turns. Hidden: other sizes.
    """
    history = []
    for epoch, lengths in enumerate((*sizes, (5,))):
        is_last = epoch == len(sizes)
        batches, predictions = planned_batches(seed + epoch, lengths, all_negative=is_last)
        model = planned_model().train(epoch % 2 == 0)
        before = comparisons.snapshot(comparisons.tensors(model).items())
        forwards = record_forwards(model)
        condition = everything_but_values(model)
        copies = [(images.clone(), labels.clone()) for images, labels in batches]
        pairs = [(p, labels) for p, (_, labels) in zip(predictions, batches, strict=True)]
        try:
            result = answer(model, copies)
        except ValueError as problem:
            if "more than 1 value per channel when training" not in str(problem):
                raise
            raise Misconception(
                "evaluated-in-train-mode",
                "the model was in train mode, and its BatchNorm raises ValueError for a batch of "
                "one image",
            ) from None
        except ZeroDivisionError as problem:
            if not is_last:
                raise
            raise Misconception(
                "zero-division-undecided",
                f"all labels and predictions are 0: your function raises `{problem!r}`; expected "
                "F1 0",
            ) from None
        said_accuracy, said_f1 = parts_of(result, 2, "the pair (accuracy, f1)")
        accuracy = number_in(said_accuracy, "one number for accuracy")
        undefined = said_f1 is None or is_undefined(said_f1)
        if is_last and (undefined or near(accuracy, 1)):
            if undefined or not near(number_in(said_f1, "one number for f1"), 0):
                raise Misconception(
                    "zero-division-undecided",
                    f"all labels and predictions are 0: expected F1 0; got {shown(said_f1)}",
                )
        f1 = number_in(said_f1, "one number for f1")
        check_model_kept(model, before, condition, forwards)
        check_evaluation(accuracy, f1, pairs, history)
        history.append(pairs)
    return (
        f"counted over all batches and divided once, in eval mode, in {len(history)} calls; "
        "the model's parameters and buffers did not change."
    )


@check
def averages(answer: Callable, classes: Sequence[int] = (3, 5, 2), seed: int = 2) -> str:
    """Exercise 5: what is the F1 of each class, their macro average and the micro F1?

    classes: the sizes of the confusion matrices. One class is common, and with more than three
    classes one does not occur, and another neither occurs nor is predicted. The last matrix is all
    zeros. Hidden: other sizes.
    """
    matrices = confusion_matrices(classes, seed)
    for matrix in matrices:
        metrics = metrics_of_classes(matrix)
        try:
            found = answer(matrix.clone())
        except ZeroDivisionError as problem:
            if (metrics.f1 > 0).all():
                raise
            raise Misconception(
                "zero-division-undecided",
                f"averages({matrix.tolist()}): your function raises `{problem!r}`; expected 0 "
                "where a denominator is 0",
            ) from None
        check_averages(found, matrix)
    largest = matrices[1]
    micro = share(int(largest.diag().sum()), int(largest.sum()))
    return (
        f"the F1 of each class, macro F1 and micro F1 of {len(matrices)} matrices are right: for "
        f"{len(largest)} classes, macro {metrics_of_classes(largest).macro:.3f}, micro "
        f"{micro:.3f}."
    )


# ---- thresholds ----------------------------------------------------------------------------------


@check
def flagged(answer: Callable, thresholds: Sequence[float] = (0.9, 0.2, 0.5), seed: int = 0) -> str:
    """Exercise 6: in which rows of logits is the probability of class 1 at least a threshold?

    The logits are shifted, because only their difference matters. Two probabilities are 0.00002
    below and above each threshold, and one is exactly 0.5; no other is within 0.001. Thresholds 0
    and 1, a single row and logits whose exponentials are infinite come last. Hidden: other
    thresholds.
    """
    drawn = 2 * noise(seed, 40, 2) + torch.tensor([1.5, 0.5])
    drawn[7] = 1.25  # both logits: the probability is exactly 0.5
    probabilities = drawn.softmax(1)[:, 1]
    flags = []
    for threshold in (*thresholds, 0.5, 0.0, 1.0):
        distance = (probabilities - threshold).abs()
        logits = drawn[(distance > 1e-3) | (drawn[:, 0] == drawn[:, 1])]
        if 0 < threshold < 1:
            close = (threshold + torch.tensor([-2e-5, 2e-5])).logit()
            logits = torch.cat([logits, torch.stack([drawn[:2, 0], drawn[:2, 0] + close], 1)])
        for batch in (logits, logits[:1]):
            with batch_of_one.errors_told(len(batch), f"logits of shape ({len(batch)}, 2)"):
                found = answer(batch.clone(), threshold)
            expect(found, torch.Tensor, f"a bool tensor of shape ({len(batch)},)")
            flags.append(Flags(batch, threshold, found))
    large = torch.tensor([[100.0, 103.0], [0.0, 200.0], [200.0, 0.0], [-200.0, -203.0]])
    found = answer(large.clone(), 0.5)
    expect(found, torch.Tensor, f"a bool tensor of shape ({len(large)},)")
    flags.append(Flags(large, 0.5, found))
    check_flags(flags)
    tried = ", ".join(map(str, thresholds))
    return f"flagged where the probability is at least {tried}, and at least 0 and 1."


@check
def choose_threshold(
    answer: Callable,
    minima: Sequence[tuple[str, float]] = (
        ("precision", 0.8),
        ("recall", 0.9),
        ("precision", 0.5),
        ("recall", 0.75),
    ),
    seed: int = 1,
) -> str:
    """Exercise 7: with a minimum of precision or recall, which threshold gives most of the other?

    minima: (metric, minimum). Each is tried on two draws, in which several images have the same
    probability, and 18 of 24 positives are a recall of exactly 0.75. Then four of seven images have
    the same probability, and the counts of 5,000 images are more than uint8 can hold.
    Then there is one image only, and a positive image with the probability 0. Hidden: other minima,
    mostly of recall.
    """
    choices = []
    for (metric, minimum), trial in itertools.product(minima, range(2)):
        probabilities, labels = ranked(seed + trial, crowded=trial == 1)
        choices.append(chosen(answer, probabilities, labels, metric, minimum))
    probabilities = torch.tensor([0.9375, 0.75, 0.625, 0.625, 0.625, 0.625, 0.25])
    labels = torch.tensor([1, 0, 1, 0, 1, 0, 0])
    choices.append(chosen(answer, probabilities, labels, "precision", 0.6))
    probabilities, labels = ranked(seed + 2, 5000, 2400)
    probabilities = (32 * probabilities).round() / 32  # few thresholds, so that it takes no time
    choices.append(chosen(answer, probabilities, labels, "recall", 0.95))
    check_thresholds(choices)
    for small in (([0.3], [1]), ([0.0, 0.5, 1.0, 0.5], [1, 0, 1, 1])):
        probabilities, labels = map(torch.tensor, small)
        check_thresholds([chosen(answer, probabilities, labels, "recall", 1.0)])
    told = []
    for choice in choices[: 2 * len(minima) : 2]:
        values = [f"precision {choice.counts.precision:.2f}", f"recall {choice.counts.recall:.2f}"]
        if choice.metric == "recall":
            values.reverse()
        told.append(" with ".join(values))
    return f"{'; '.join(told)}."


def chosen(
    answer: Callable, probabilities: torch.Tensor, labels: torch.Tensor, metric: str, minimum: float
) -> Choice:
    """Return what an answer chooses for probabilities (N,) and labels (N,)."""
    found = answer(probabilities.clone(), labels.clone(), metric, minimum)
    threshold = number(found, "one threshold")
    return Choice(probabilities, labels, metric, minimum, threshold)
