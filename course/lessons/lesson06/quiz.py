"""The questions of lesson 06, metrics that decide: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson06.py measures what they say.
"""

from random import Random

import numpy as np
import torch
from numpy.typing import ArrayLike

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, right, snippet, wrong

RARE = Question(
    "A fraud model has 98 % accuracy and finds 12 % of the fraud. What follows?",
    (
        wrong(
            "Nothing: both cannot be true of one model.",
            "They can, where fraud is rare: of 10,000 payments with 200 frauds it misses 176 "
            "and raises 24 false alarms.",
        ),
        right(
            "At most 2.27 % of the payments are fraud.",
            "It misses 88 % of the fraud, and all its errors are 2 %: 0.02 / 0.88 is the most "
            "that can be fraud.",
        ),
        wrong(
            "At most 2 % of the payments are fraud.",
            "That would be so if it missed all of it. It finds 12 %, so a little more is possible.",
        ),
        wrong(
            "12 % of what it flags is fraud.",
            "That would be its precision. Recall is the share of the fraud that is flagged.",
        ),
    ),
)

WHICH_SCORE = Question(
    "A filter deletes mail that it takes for spam, and nobody looks at it again. What should "
    "it be chosen by?",
    (
        wrong(
            "Accuracy: it counts every mistake.",
            "It counts a lost letter like an advertisement that slipped through. For the "
            "reader they are not alike.",
        ),
        wrong(
            "Recall, at a precision that is not too bad.",
            "That finds the spam and costs letters. It is right where somebody checks what "
            "was flagged, as in screening.",
        ),
        right(
            "Precision: a floor of, say, 99.9 %, and then as much recall as it leaves.",
            "A false alarm is a lost letter. A miss is a nuisance of a second.",
        ),
        wrong(
            "F1, which balances the two.",
            "It balances them as if they cost the same. Here they do not.",
        ),
    ),
)

LAST_BATCH = Question(
    "Validation runs in batches of 32, 32 and 1. Which line gives the accuracy of the model?",
    (
        wrong(
            "`sum(accuracies) / len(accuracies)`, with one accuracy for each batch",
            "The single picture of the last batch then weighs as much as 32 others.",
        ),
        wrong(
            "`hits / len(dataset)`, with a loader that has `drop_last=True`",
            "The last picture is not counted, yet it is in the divisor: this accuracy can "
            "never reach 1.",
        ),
        right(
            "`hits / seen`, both added up over all batches",
            "Counts add up, averages do not. And what you divide by is what you have counted.",
        ),
        wrong(
            "`max(accuracies)`, with one accuracy for each batch",
            "That is the luckiest batch. A single picture easily scores 1.",
        ),
    ),
)

MACRO = Question(
    "Ten fruits. Micro F1 is 0.96 and macro F1 is 0.71. What do you expect?",
    (
        right(
            "Some rare fruits are recognised badly.",
            "Each picture counts the same in micro, each class in macro. Where they differ so "
            "much, small classes fare worse.",
        ),
        wrong(
            "The common fruits are recognised badly.",
            "Then most pictures would be wrong, and micro would be low.",
        ),
        wrong(
            "There is a mistake: both average the same ten numbers.",
            "Macro averages ten numbers. Micro adds up the counts of all classes and divides "
            "once; here it is the accuracy.",
        ),
        wrong(
            "Precision is high and recall is low.",
            "Over all classes each error is a false positive of one and a false negative of "
            "another: micro precision equals micro recall.",
        ),
    ),
)

LEAK_LINES = snippet(
    "features = (features - features.mean(0)) / features.std(0)",
    "best = correlation(features, labels).topk(20).indices",
    "train, test = features[:500, best], features[500:, best]",
)
LEAK = Question(
    f"The labels are coin flips. What does this lead to?\n\n{LEAK_LINES}",
    (
        wrong(
            "A score near one half: nothing can be learnt from coins.",
            "True of an honest procedure. But the 20 columns were chosen for going well with "
            "the labels of the *test* rows, too.",
        ),
        right(
            "A score well above one half, mostly because of the second line.",
            "It saw the test labels. The first line saw the test rows as well, a leak that "
            "hardly shows here.",
        ),
        wrong(
            "A score well above one half, mostly because of the first line.",
            "Mean and deviation of all rows leak very little: they know no labels. Measure it.",
        ),
        wrong(
            "A score well below one half: fewer columns, less to learn from.",
            "Fewer columns are no harm, least of all when they were picked with the answers "
            "at hand.",
        ),
    ),
)

QUESTIONS = (RARE, WHICH_SCORE, LAST_BATCH, MACRO, LEAK)


# ---- endless: scores of a confusion matrix, computed by scikit-learn -----------------------------

NAMES = ("accuracy", "precision", "recall", "F1")


def computed(name: str, truth: ArrayLike, guess: ArrayLike) -> float:
    """Return the score that scikit-learn gives, one of NAMES, with class 1 as the positive class.

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
    """Return labels (N,) and guesses (N,) that a confusion matrix [[tn, fp], [fn, tp]] counts."""
    counts = np.ravel(matrix)
    return np.repeat((0, 0, 1, 1), counts), np.repeat((0, 1, 0, 1), counts)


@endless
def metric_from_matrix(rng: Random) -> Question:
    """What is the accuracy, precision, recall or F1 of a confusion matrix?"""
    name = rng.choice(list(NAMES))
    others = {}
    while len(others) < 3:  # three wrong scores that do not happen to be right
        tn = rng.randint(20, 95)
        fp = rng.randint(1, 30)
        fn = rng.randint(1, 30)
        tp = rng.randint(5, 60)
        truth, guess = unfolded([[tn, fp], [fn, tp]])
        scores = {key: computed(key, truth, guess) for key in NAMES}
        explained = {
            "accuracy": f"The share that is right: ({tp} + {tn}) / {tp + tn + fp + fn}.",
            "precision": (f"Of what was called rotten, the share that is: {tp} / ({tp} + {fp})."),
            "recall": f"Of what is rotten, the share that was found: {tp} / ({tp} + {fn}).",
            "F1": (
                f"The harmonic mean of precision and recall: 2 · {tp} / (2 · {tp} + {fp} + {fn})."
            ),
        }
        reasons = {}  # of equal scores the last reason counts
        for other in NAMES:
            if other != name:
                article = "" if other == "F1" else "the "
                reasons[scores[other]] = f"That is {article}{other}. {explained[other]}"
        reasons[tn / (tn + fp)] = (
            f"That is the share of the *fresh* ones that were called fresh, {tn} / ({tn} + {fp})."
        )
        reasons[2 * tn / (2 * tn + fp + fn)] = (
            "That is the F1 of the fresh ones. Rotten is the positive class here."
        )
        reasons[(scores["precision"] + scores["recall"]) / 2] = (
            "That is the arithmetic mean of precision and recall. F1 is the harmonic one."
        )
        others = {}  # of scores that look equal the last reason counts
        for score, reason in reasons.items():
            if abs(score - scores[name]) > 0.002:
                others[f"{score:.3f}"] = reason
    return pose(
        rng,
        f"Rotten is the positive class. What is the {name}?",
        [
            "#                 called fresh  called rotten",
            f"matrix = tensor([[{tn:10},  {fp:12}],   # fresh",
            f"                 [{fn:10},  {tp:12}]])  # rotten",
        ],
        right(f"{scores[name]:.3f}", explained[name]),
        [wrong(text, reason) for text, reason in others.items()],
    )


@endless
def threshold_and_counts(rng: Random) -> Question:
    """What is the precision or the recall of a few probabilities at a threshold?"""
    name = rng.choice(["precision", "recall"])
    others = {}
    while len(others) < 3:  # three wrong shares that do not happen to be right
        count = rng.randint(6, 9)
        levels = sorted(rng.sample(range(5, 96), count), reverse=True)  # probabilities in percent
        labels = [int(rng.random() < 0.8 - 0.6 * place / count) for place in range(count)]
        cut = rng.randint(2, count - 2)
        threshold = (levels[cut - 1] + levels[cut]) / 200
        probabilities, truth = torch.tensor(levels) / 100, torch.tensor(labels)
        flags = (probabilities >= threshold).long()
        hits, flagged, positive = int((flags * truth).sum()), int(flags.sum()), sum(labels)
        if not hits:
            continue
        value = computed(name, truth, flags)
        if name == "precision":
            whole, other_name, other_whole = flagged, "recall", positive
        else:
            whole, other_name, other_whole = positive, "precision", flagged
        correct = int((flags == truth).sum())
        candidates = [
            (
                hits,
                other_whole,
                f"That is the {other_name}: {positive} are positive, {flagged} are flagged.",
            ),
            (
                correct,
                count,
                "That is the accuracy: it counts what was rightly left alone as well.",
            ),
            (flagged, count, "That is the share that is flagged, rightly or not."),
            (flagged - hits, flagged, "These are the false alarms among the flagged."),
            (positive - hits, positive, "These are the positives that were missed."),
            (hits, count, "The hits are right, but here they are compared with all pictures."),
            (
                positive,
                count,
                "That is the prevalence: the share that is positive, flagged or not.",
            ),
        ]
        others = {}  # of equal texts the last reason counts
        for part, of, reason in candidates:
            if of and abs(part / of - value) > 1e-9:
                others[f"{part} of {of}"] = reason
    told_levels = ", ".join(f"{level / 100:.2f}" for level in levels)
    told_labels = ", ".join(f"{label:4}" for label in labels)
    return pose(
        rng,
        f"Flagged is what has a probability of at least {threshold:g}. What is the {name}?",
        [f"probabilities = tensor([{told_levels}])", f"labels        = tensor([{told_labels}])"],
        right(
            f"{round(value * whole)} of {whole}",
            f"{flagged} are flagged, {hits} of them rightly, and {positive} are positive in all.",
        ),
        [wrong(text, reason) for text, reason in others.items()],
    )


KINDS = ("metric_from_matrix", "threshold_and_counts")
