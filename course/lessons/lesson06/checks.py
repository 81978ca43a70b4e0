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
    check_audit,
    check_averages,
    check_confusion,
    check_duplicates,
    check_eval_mode,
    check_evaluation,
    check_flags,
    check_prevalence,
    check_scores,
    check_threshold,
    is_near,
    number,
    parts_of,
    percent_hint,
    scores_of_classes,
)
from course.lessons.lesson06.fixtures import (
    Photos,
    generator,
    made_up_labels,
    noise,
    planned_batches,
    planned_inputs,
    planned_model,
    procedures,
    ranked,
    record_forwards,
    uneven_labels,
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


# ---- a fair test ---------------------------------------------------------------------------------


@check
def overfitting_gap(
    answer: Callable,
    sizes: tuple[int, int] = (45, 40),
    batch: int = 10,
    classes: int = 3,
    seed: int = 0,
) -> str:
    """Exercise 8: what is training accuracy minus validation accuracy, over all plain pictures?

    sizes: pictures for training and for validation. The loader shuffles, augments and drops its
    last incomplete batch. Hidden: other sizes.
    """
    train = planned_inputs(seed, sizes[0], classes, right=0.9)
    validation = planned_inputs(seed + 1, sizes[1], classes, right=0.6)
    photos = Photos(*train)
    loader = torch.utils.data.DataLoader(photos, batch, shuffle=True, drop_last=True)
    width = train[0].shape[1]
    model = planned_model(width, classes)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    forwards = record_forwards(model)
    augment = photos.augment
    result = answer(model, loader, tuple(tensor.clone() for tensor in validation))
    said = number(result, "one number")
    check_eval_mode(model, before, forwards)
    if photos.augment is not augment:
        raise wrong_result(
            "dataset.augment is not what it was: the next epoch trains on pictures without it"
        )
    rows = forwards.rows  # before our own forwards add to it
    shares = [share_right(model, *train), share_right(model, *validation)]
    expected = shares[0] - shares[1]
    if is_near(said, expected, 1e-6):
        return (
            f"{shares[0]:.2f} on {sizes[0]} training pictures, {shares[1]:.2f} on {sizes[1]} "
            f"others: a gap of {100 * said:.0f} points."
        )
    seen = f"you say {said:.3f}; it is {shares[0]:.3f} - {shares[1]:.3f} = {expected:.3f}"
    if photos.augmented:
        raise Misconception(
            "evaluated-with-augmentation",
            f"{seen}. dataset.augment altered {photos.augmented} pictures while you counted",
        )
    if rows < sum(sizes):
        raise Misconception(
            "drop-last-forgotten", f"{seen}. The model saw {rows} of {sum(sizes)} pictures"
        )
    if is_near(said, -expected, 1e-6):
        raise wrong_result(f"{seen} (training minus validation: a positive gap is overfitting)")
    raise wrong_result(seen + percent_hint(said, expected))


def share_right(model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the accuracy of the model, in eval mode, on inputs (N, D) and labels (N,)."""
    with torch.no_grad():
        guesses = model.eval()(inputs).argmax(1)
    return (guesses == labels).double().mean().item()


@check
def near_duplicates(
    answer: Callable,
    sizes: tuple[int, int] = (40, 25),
    similarity: float = 0.9,
    seed: int = 0,
) -> str:
    """Exercise 9: which rows of `test` are similar to a row of `train`, by the cosine?

    sizes: rows of train and test. Six test rows are training rows with noise, one of them without;
    the rows differ in length. Hidden: more test rows than training rows, another similarity.
    """
    count = sizes[1]
    train, test = noise(seed, sizes[0], 64), noise(seed + 1, count, 64)
    scale = torch.linspace(0.2, 8, count)[:, None]  # bright and dark pictures
    planted = sorted(torch.randperm(count, generator=generator(seed))[:6].tolist())
    for place, row in enumerate(planted):
        test[row] = train[-1 - place] + 0.03 * noise(seed + 2 + place, 64)
    test = test * scale
    others = [row for row in range(count) if row not in planted]
    test[planted[0]] = train[-1]  # the very same file
    test[others[0]] = test[others[1]]  # two test pictures are alike, which is no leak
    found = answer(train.clone(), test.clone(), similarity)
    if found is None:
        raise Misconception(
            "nothing-returned", f"near_duplicates gave None; expected a list of rows, {planted}"
        )
    try:
        rows = sorted({int(row) for row in found})
    except (TypeError, ValueError):
        raise wrong_result(f"expected a list of rows of `test`; you return {found!r:.80}") from None
    check_duplicates(rows, planted, train, test, similarity)
    return f"{len(planted)} of {count} test pictures have a twin in the training set: rows {rows}."


@check
def depends_on_test(answer: Callable, classes: int = 2, seed: int = 1) -> str:
    """Exercise 10: does a procedure use the features or the labels of the test set?

    Four procedures are audited, one of them honest. Training and test set differ in mean, spread
    and frequencies. Hidden: three classes.
    """
    audited = procedures(classes)
    train = noise(seed, 31, 6), classes - 1 - uneven_labels(seed, 31, classes)
    test = 2 * noise(seed + 1, 31, 6) + 2, uneven_labels(seed + 1, 31, classes)
    for name, (make_head, truth) in audited.items():
        calls = []

        def procedure(train, test, make_head=make_head, calls=calls):
            calls.append((copy_of(train), copy_of(test)))
            return make_head(train, test)

        found = answer(procedure, copy_of(train), copy_of(test))
        expect(found, set | frozenset | list | tuple, 'a set of "features" and "labels"')
        check_audit(set(found), truth, name, calls, train, test)
    return f"{len(audited)} procedures audited: what each takes from the test set has come out."


def copy_of(tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return copies of tensors, which an answer may change."""
    return tuple(tensor.clone() for tensor in tensors)
