"""Lesson 06, metrics that decide: the checks of its exercises.

fixtures.py has what they try answers on; diagnosis.py names the thought behind a wrong result.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch

from course.checking import comparisons
from course.checking.binary import BinaryCounts
from course.checking.check import check, expect
from course.checking.misconception import Misconception, wrong_result
from course.lessons.lesson06.diagnosis import (
    SCORES,
    call_of_scores,
    check_averages,
    check_confusion,
    check_eval_mode,
    check_evaluation,
    check_flags,
    check_prevalence,
    check_scores,
    check_threshold,
    number,
    parts_of,
    scores_of_classes,
)
from course.lessons.lesson06.fixtures import (
    generator,
    made_up_labels,
    noise,
    planned_batches,
    planned_model,
    ranked,
    record_forwards,
)

# ---- counts and scores ---------------------------------------------------------------------------


@check
def confusion(
    answer: Callable,
    shapes: Sequence[tuple[int, int]] = ((6, 6), (50, 3), (4, 4)),
    seed: int = 1,
) -> str:
    """Exercise 1: how often was each true class taken for each class, as a matrix (K, K)?

    shapes: (pictures, classes); the first is a square batch, in which a mistaken dimension raises
    no error. The last class never occurs, the one before it is never guessed. Hidden: other sizes.
    """
    for count, classes in shapes:
        logits = noise(seed, count, classes)
        logits[:, classes - 2] -= 9  # this class is never guessed
        labels = made_up_labels(seed, count, classes - 1)  # the last class never occurs
        where = f"{count} pictures, {classes} classes"
        try:
            found = answer(logits.clone(), labels.clone())
        except NotImplementedError:  # a RuntimeError by inheritance: the exercise is not answered
            raise
        except (RuntimeError, IndexError, ValueError) as problem:
            said = str(problem).splitlines()[0]
            raise wrong_result(f"{where}: your function raises `{said:.90}`") from None
        expect(found, torch.Tensor | np.ndarray, f"a tensor ({classes}, {classes})")
        check_confusion(torch.as_tensor(found), logits, labels, where)
    total = sum(count for count, _ in shapes)
    return (
        f"each of {total} pictures stands in its row and column, and classes that nobody met have "
        "theirs."
    )


@check
def scores(
    answer: Callable,
    cases: Sequence[tuple[int, ...]] = ((40, 5, 10, 45), (24, 24, 176, 9776), (3, 9, 0, 2)),
    drawn: int = 40,
    seed: int = 0,
) -> str:
    """Exercise 2: what are accuracy, precision, recall and F1 of four counts?

    cases: (tp, fp, fn, tn); `drawn` more are drawn at random, and three have nothing to divide by.
    Hidden: other counts.
    """
    draws = torch.randint(1, 60, (drawn, 4), generator=generator(seed)).tolist()
    undefined = [(0, 0, 7, 20), (0, 6, 0, 9), (0, 0, 0, 5)]
    for case in (*cases, *draws, *undefined):
        counts = BinaryCounts(*case)
        try:
            found = answer(*counts)
        except ZeroDivisionError:
            raise Misconception(
                "zero-division-undecided",
                f"{call_of_scores(counts)} raises ZeroDivisionError; expected 0 where there is "
                "nothing to divide by",
            ) from None
        expect(found, dict, f"a dict with {', '.join(SCORES)}")
        check_scores(found, counts)
    return (
        f"four scores of {len(cases) + drawn} confusion matrices are right, and 0 where nothing "
        "can be divided."
    )


@check
def highest_prevalence(
    answer: Callable,
    cases: Sequence[tuple[float, float]] = ((0.98, 0.12), (0.9, 0.5), (0.8, 0.0)),
) -> str:
    """Exercise 3: which share of positives do an accuracy and a recall allow at most?

    cases: (accuracy, recall), once with a recall of 0. Hidden: other numbers.
    """
    told = []
    for accuracy, recall in cases:
        found = number(answer(accuracy, recall), "one share from 0 to 1")
        check_prevalence(found, accuracy, recall)
        told.append(f"{(1 - accuracy) / (1 - recall):.2%} for {accuracy:.0%} and {recall:.0%}")
    return f"{', '.join(told)}."


# ---- averages ------------------------------------------------------------------------------------


@check
def evaluate(
    answer: Callable, sizes: Sequence[Sequence[int]] = ((32, 32, 1), (30, 9)), seed: int = 0
) -> str:
    """Exercise 4: what are accuracy and F1 over all batches of an epoch, in eval mode?

    sizes: the sizes of the batches of each epoch. The function is called once an epoch, each time
    with other pictures. Hidden: other sizes.
    """
    history = []
    for epoch, lengths in enumerate(sizes):
        batches, guesses = planned_batches(seed + epoch, lengths, only_last_wrong=1 in lengths)
        model = planned_model(48, 2, pixel=True)
        before = comparisons.snapshot(comparisons.tensors(model).items())
        forwards = record_forwards(model)
        copies = [(images.clone(), labels.clone()) for images, labels in batches]
        try:
            result = answer(model, copies)
        except ValueError as problem:
            if "when training" not in str(problem):
                raise
            raise Misconception(
                "evaluated-in-train-mode",
                "the model was in train mode, and its BatchNorm cannot make statistics of the last "
                "batch, a single picture",
            ) from None
        said_accuracy, said_f1 = parts_of(result, 2, "the pair (accuracy, f1)")
        accuracy = number(said_accuracy, "one number for accuracy")
        f1 = number(said_f1, "one number for f1")
        check_eval_mode(model, before, forwards)
        pairs = [(guess, labels) for guess, (_, labels) in zip(guesses, batches, strict=True)]
        check_evaluation(accuracy, f1, pairs, history, lengths)
        history.append(pairs)
    return (
        f"counted over all batches and divided once: accuracy {accuracy:.3f} and F1 {f1:.3f} of "
        f"the last {sum(lengths)} pictures."
    )


@check
def averages(answer: Callable, classes: Sequence[int] = (3, 5, 2), seed: int = 2) -> str:
    """Exercise 5: what is the F1 of each class, their macro average and the micro F1?

    classes: the sizes of the confusion matrices. One class is common, and with more than three
    classes one neither occurs nor is guessed. Hidden: other sizes.
    """
    for k in classes:
        matrix = torch.randint(0, 9, (k, k), generator=generator(seed + k))
        matrix[0, 0] += 80  # one class is common
        if k > 3:  # and one neither occurs nor is guessed
            matrix[-1] = 0
            matrix[:, -1] = 0
        try:
            found = answer(matrix.clone())
        except ZeroDivisionError:
            raise Misconception(
                "zero-division-undecided",
                f"{matrix.tolist()}: your function raises ZeroDivisionError",
            ) from None
        check_averages(found, matrix)
    macro = scores_of_classes(matrix).macro
    micro = matrix.diag().sum() / matrix.sum()
    return (
        f"per class, macro {macro:.3f} and micro {micro:.3f} of the last matrix, as scikit-learn "
        "has them."
    )


# ---- thresholds ----------------------------------------------------------------------------------


@check
def flagged(answer: Callable, thresholds: Sequence[float] = (0.5, 0.9, 0.2), seed: int = 0) -> str:
    """Exercise 6: in which rows of logits does the probability of class 1 reach a threshold?

    The logits are shifted, because only their difference matters. Hidden: other thresholds.
    """
    for threshold in thresholds:
        logits = 2 * noise(seed, 40, 2) + torch.tensor([1.5, 0.5])
        found = answer(logits.clone(), threshold)
        expect(found, torch.Tensor, "a bool tensor (B,)")
        check_flags(found, logits, threshold)
    return f"flagged where the probability reaches {', '.join(map(str, thresholds))}."


@check
def choose_threshold(
    answer: Callable,
    floors: Sequence[tuple[str, float]] = (("precision", 0.8), ("recall", 0.9), ("precision", 0.5)),
    seed: int = 1,
) -> str:
    """Exercise 7: with a floor under precision or recall, which threshold gives most of the other?

    floors: (purpose, least). Each is tried on two draws, in which several fruits have the same
    probability. Hidden: other floors, mostly under recall.
    """
    told = []
    for (purpose, least), trial in itertools.product(floors, range(2)):
        probabilities, labels = ranked(seed + trial)
        found = answer(probabilities.clone(), labels.clone(), purpose, least)
        threshold = number(found, "one threshold")
        have = check_threshold(threshold, probabilities, labels, purpose, least)
        if trial == 0:
            scores_told = [f"precision {have.precision:.2f}", f"recall {have.recall:.2f}"]
            if purpose == "recall":
                scores_told.reverse()
            told.append(" with ".join(scores_told))
    return f"{'; '.join(told)}."
