"""The questions of lesson 06, metrics that decide: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson06.py measures what they say.
"""

from random import Random

import numpy as np
import torch
from numpy.typing import ArrayLike

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, wrong

RARE = Question(
    "A model that flags fraud has 98 % accuracy and 12 % recall. What follows?",
    (
        wrong(
            "Nothing, because no model can have both.",
            "A model can have both where fraud is rare. Example: of 10,000 payments with 200 "
            "frauds it misses 176 and raises 24 false alarms.",
        ),
        right(
            "At most 2.27 % of the payments are fraud.",
            "It misses 88 % of the fraud, and only 2 % of all payments are errors. So at most "
            "0.02 / 0.88 = 2.27 % are fraud.",
        ),
        wrong(
            "At most 2 % of the payments are fraud.",
            "That would be so if it missed all of the fraud. It finds 12 %, so a little more is "
            "possible.",
        ),
        wrong(
            "12 % of what it flags is fraud.",
            "That would be its precision. Recall is the share of the fraud that it flags.",
        ),
    ),
)

WHICH_METRIC = Question(
    "A filter deletes mail that it takes for spam, and nobody looks at deleted mail. Spam is the "
    "positive class. How should you choose its threshold?",
    (
        wrong(
            "By the highest accuracy, because it counts every error.",
            "It counts a lost letter like an advertisement that was not deleted. For the reader "
            "these are not equally bad.",
        ),
        wrong(
            "By the highest precision at a minimum recall.",
            "This guarantees that much spam is found, and accepts lost letters for it. It is "
            "right where somebody looks at what was flagged.",
        ),
        right(
            "By the highest recall at a minimum precision of, say, 99.9 %.",
            "A false alarm is a lost letter, so few of them are allowed. A miss only takes a "
            "second to delete.",
        ),
        wrong(
            "By the highest F1, because it includes both errors.",
            "F1 treats precision and recall alike. Here a false alarm is much worse than a miss.",
        ),
    ),
)

LAST_BATCH = Question(
    "Validation runs in batches of 32, 32 and 1. Which expression is the accuracy of the model?",
    (
        wrong(
            "`sum(accuracies) / len(accuracies)`, with one accuracy for each batch",
            "The one image of the last batch then counts as much as 32 others.",
        ),
        wrong(
            "`right / len(dataset)`, with a loader that has `drop_last=True`",
            "The image of the last batch is not counted, but it is in the denominator: this "
            "number is at most 64/65.",
        ),
        right(
            "`right / seen`, both added up over all batches",
            "Counts can be added up, and the denominator is the number of images that were "
            "counted.",
        ),
        wrong(
            "`max(accuracies)`, with one accuracy for each batch",
            "That is the accuracy of the best batch. For the batch of one image it is 0 or 1.",
        ),
    ),
)

MACRO = Question(
    "A model for ten fruits has a micro F1 of 0.96 and a macro F1 of 0.71. What do you expect?",
    (
        right(
            "Some rare fruits are recognised badly.",
            "In micro F1 each image counts the same, in macro F1 each class. If macro is much "
            "lower, the classes with few images are worse.",
        ),
        wrong(
            "The common fruits are recognised badly.",
            "Then most images would be wrong, and micro F1 would be low.",
        ),
        wrong(
            "There is a mistake, because both average the same ten numbers.",
            "Only macro F1 averages ten numbers. Micro F1 adds up the counts of all classes and "
            "divides once; here it equals the accuracy.",
        ),
        wrong(
            "Over all classes, precision is high and recall is low.",
            "Each error is a false positive of one class and a false negative of another. So "
            "micro precision equals micro recall.",
        ),
    ),
)

PREVALENCE = Question(
    "A head was trained on 50 % rotten fruit. At the market 5 % are rotten, and fresh and rotten "
    "fruits look as they did in training. What is true of its probabilities at the market?",
    (
        wrong(
            "They are right: the fruits look the same, and so does each probability.",
            "The probability that a fruit is rotten depends on its looks and on the prevalence. "
            "The prevalence has changed.",
        ),
        right(
            "They are too high; divide their odds by 19.",
            "The odds of rotten fruit fell from 1 : 1 to 1 : 19, and those of each prediction "
            "fall by the same factor.",
        ),
        wrong(
            "They are too high; divide them by 10.",
            "The odds change by one factor, the probabilities do not. A probability of 0.99 "
            "becomes 0.84, not 0.099.",
        ),
        wrong(
            "They are too high, and so the order of the fruits is wrong as well.",
            "The correction subtracts the same number from logit 1 of each fruit. It does not "
            "change which of two fruits has the higher probability.",
        ),
    ),
)

QUESTIONS = (RARE, WHICH_METRIC, LAST_BATCH, MACRO, PREVALENCE)


# ---- endless: metrics of a confusion matrix, computed by scikit-learn ----------------------------

NAMES = ("accuracy", "precision", "recall", "F1")


def computed(name: str, truth: ArrayLike, guess: ArrayLike) -> float:
    """Return the metric that scikit-learn gives, one of NAMES, with class 1 as the positive class.

    truth and guess: labels (N,). scikit-learn is imported here, because its import takes a second
    and the other lessons do not need it.
    """
    from sklearn import metrics

    functions = {
        "accuracy": metrics.accuracy_score,
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "F1": metrics.f1_score,
    }
    return functions[name](truth, guess)


def unfolded(matrix: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (N,) and predictions (N,) that a matrix [[tn, fp], [fn, tp]] counts."""
    counts = np.ravel(matrix)
    return np.repeat((0, 0, 1, 1), counts), np.repeat((0, 1, 0, 1), counts)


@endless
def metric_from_matrix(rng: Random) -> Question:
    """What is the accuracy, precision, recall or F1 of a confusion matrix?"""
    name = rng.choice(list(NAMES))
    others = {}
    while len(others) < 3:  # three wrong values that do not happen to be right
        tn = rng.randint(20, 95)
        fp = rng.randint(1, 30)
        fn = rng.randint(1, 30)
        tp = rng.randint(5, 60)
        truth, guess = unfolded([[tn, fp], [fn, tp]])
        values = {key: computed(key, truth, guess) for key in NAMES}
        explained = {
            "accuracy": (
                f"It is the share of right predictions: ({tp} + {tn}) / {tp + tn + fp + fn}."
            ),
            "precision": (
                "It is the share of rotten ones among those predicted rotten: "
                f"{tp} / ({tp} + {fp})."
            ),
            "recall": (
                f"It is the share predicted rotten among the rotten ones: {tp} / ({tp} + {fn})."
            ),
            "F1": (
                "It is the harmonic mean of precision and recall: "
                f"2 · {tp} / (2 · {tp} + {fp} + {fn})."
            ),
        }
        reasons = {}  # of equal values the last reason counts
        for other in NAMES:
            if other != name:
                article = "" if other == "F1" else "the "
                reasons[values[other]] = f"That is {article}{other}. {explained[other]}"
        reasons[tn / (tn + fp)] = (
            f"That is the share predicted fresh among the *fresh* ones: {tn} / ({tn} + {fp})."
        )
        reasons[2 * tn / (2 * tn + fp + fn)] = (
            "That is the F1 of the class fresh. Here rotten is the positive class."
        )
        reasons[(values["precision"] + values["recall"]) / 2] = (
            "That is the arithmetic mean of precision and recall. F1 is the harmonic one."
        )
        others = {}  # of values that look equal the last reason counts
        for value, reason in reasons.items():
            if abs(value - values[name]) > 0.002:
                others[f"{value:.3f}"] = reason
    return pose(
        rng,
        f"Rotten is the positive class. What is the {name}?",
        [
            "#              predicted fresh  predicted rotten",
            f"matrix = tensor([[{tn:10},  {fp:15}],   # true class fresh",
            f"                 [{fn:10},  {tp:15}]])  # true class rotten",
        ],
        right(f"{values[name]:.3f}", explained[name]),
        [wrong(text, reason) for text, reason in others.items()],
    )


@endless
def threshold_and_counts(rng: Random) -> Question:
    """What is the precision, recall or accuracy of a few probabilities at a threshold?"""
    name = rng.choice(["precision", "recall", "accuracy"])
    others = {}
    while len(others) < 3:  # three wrong shares that do not happen to be right
        count = rng.randint(6, 9)
        levels = sorted(rng.sample(range(5, 96), count), reverse=True)  # probabilities in percent
        lean = rng.choice([0.0, 0.6])  # how far the probabilities tell the classes apart
        chances = [0.5 + lean / 2 - lean * place / count for place in range(count)]
        labels = [int(rng.random() < chance) for chance in chances]
        cut = rng.randint(2, count - 2)
        threshold = (levels[cut - 1] + levels[cut]) / 200
        probabilities, truth = torch.tensor(levels) / 100, torch.tensor(labels)
        flags = (probabilities >= threshold).long()
        hits, flagged, positive = int((flags * truth).sum()), int(flags.sum()), sum(labels)
        if not hits:
            continue
        value = computed(name, truth, flags)
        whole = {"precision": flagged, "recall": positive, "accuracy": count}[name]
        correct = int((flags == truth).sum())
        candidates = [
            (hits, flagged, f"That is the precision: {flagged} images are flagged."),
            (hits, positive, f"That is the recall: {positive} images are positive."),
            (
                correct,
                count,
                "That is the accuracy: it also counts the negatives that are not flagged.",
            ),
            (flagged, count, "That is the share of all images that is flagged."),
            (
                flagged - hits,
                flagged,
                "That is the share of false alarms among the flagged images.",
            ),
            (
                positive - hits,
                positive,
                "That is the share of the positive images that is not flagged.",
            ),
            (
                hits,
                count,
                "That leaves out the negatives that are not flagged: they are right as well."
                if name == "accuracy"
                else "The numerator is right, but the denominator counts all images.",
            ),
            (positive, count, "That is the prevalence: the share of all images that is positive."),
        ]
        others = {}  # of equal texts the last reason counts
        for part, of, reason in candidates:
            if part and of and abs(part / of - value) > 1e-9:
                others[f"{part} of {of}"] = reason
    told_levels = ", ".join(f"{level / 100:.2f}" for level in levels)
    told_labels = ", ".join(f"{label:4}" for label in labels)
    return pose(
        rng,
        f"We flag each image with a probability of at least {threshold:g}. What is the {name}?",
        [f"probabilities = tensor([{told_levels}])", f"labels        = tensor([{told_labels}])"],
        right(
            f"{round(value * whole)} of {whole}",
            f"{hits} positives are flagged, and {correct - hits} negatives are not: both are right."
            if name == "accuracy"
            else f"Flagged images: {flagged}; positive among them: {hits}; positive images in all: "
            f"{positive}.",
        ),
        [wrong(text, reason) for text, reason in others.items()],
    )


KINDS = ("metric_from_matrix", "threshold_and_counts")
