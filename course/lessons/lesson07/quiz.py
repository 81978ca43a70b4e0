"""The questions of lesson 07, scores you can trust: five plain ones, and two kinds without end.

tests/course/lessons/test_facts_lesson07.py measures what they say.
"""

from functools import cache
from random import Random

import torch

from course.checking.quiz.kinds import endless, pose
from course.checking.quiz.questions import Question, decimals, right, snippet, wrong

STATE_LINES = snippet("if mean > best:", "    best, state = mean, model.state_dict()")
UNCLONED = Question(
    f"After the last epoch a script loads `state`. The loop contains these lines:\n\n{STATE_LINES}"
    "\n\nWhich parameters does the model have in the end?",
    (
        wrong(
            "Those of the best epoch.",
            "It would have them if they had been cloned. `state_dict()` returns the tensors that "
            "the optimizer goes on changing.",
        ),
        right(
            "Those of the last epoch.",
            "`state` holds the model's own tensors, so loading copies them onto themselves. Use "
            "`copy.deepcopy` to keep the best ones.",
        ),
        wrong(
            "Those from before the training.",
            "The tensors in `state` change with every step of the optimizer.",
        ),
        wrong(
            "None, because `load_state_dict` raises an error.",
            "Names and shapes fit, so `load_state_dict` reports that all keys match.",
        ),
    ),
)

LEAK_LINES = snippet(
    "features = (features - features.mean(0)) / features.std(0)",
    "best = correlation(features, labels).abs().topk(20).indices",
    "train, test = features[:500, best], features[500:, best]",
)
LEAK = Question(
    "Features and labels are random, so an honest accuracy is about one half. What happens after "
    f"these lines?\n\n{LEAK_LINES}",
    (
        wrong(
            "The accuracy is near one half, because nothing can be learned.",
            "That is true of an honest procedure. But the 20 columns were chosen with the labels "
            "of the test rows, too.",
        ),
        right(
            "The accuracy is well above one half, because of the second line.",
            "It uses the test labels. The first line uses the test rows as well, but it does not "
            "know the labels, so its leak hardly shows here.",
        ),
        wrong(
            "The accuracy is well above one half, because of the first line.",
            "Mean and standard deviation of all rows know no labels. Measured alone, this leak "
            "does not raise the accuracy here.",
        ),
        wrong(
            "The accuracy is well below one half, because most columns are gone.",
            "A head can learn from 20 columns as well, and these were chosen with the test labels.",
        ),
    ),
)

PHOTOS = Question(
    "You have five photos of each of 100 fruits, and want to know how a head does on fruits that "
    "it has never seen. How do you split?",
    (
        wrong(
            "Shuffle the 500 photos and take the last 100 for the test.",
            "Nearly every fruit then has photos on both sides, and the head recognises the fruit.",
        ),
        wrong(
            "Use shots 1 to 4 of every fruit for training and shot 5 for the test.",
            "The test set then holds no fruit that is new to the head.",
        ),
        right(
            "Draw 20 fruits, and take all their photos for the test.",
            "All photos of a fruit are on one side, so each test photo shows a new fruit.",
        ),
        wrong(
            "Shuffle the 500 photos and repeat that with ten seeds.",
            "The mean of ten scores with the same leak has that leak, too.",
        ),
    ),
)

AUDIT = Question(
    "You replace the test labels once by other ones, and a procedure returns the same head as "
    "before. What follows?",
    (
        wrong(
            "The procedure does not use the test set.",
            "It could use the test features. You have not changed them.",
        ),
        wrong(
            "The procedure does not use the test labels.",
            "One that keeps the better of two heads returns the same one for about half of all "
            "labels.",
        ),
        right(
            "Very little: more changes are needed.",
            "A dependence can stay hidden in one change. After many random ones that becomes "
            "improbable.",
        ),
        wrong(
            "The procedure is not deterministic.",
            "It returned the same head twice. A random one would rather have returned two "
            "different heads.",
        ),
    ),
)

NARROW = Question(
    "A test accuracy of 99 % has a bootstrap interval from 97 % to 100 %. What does the interval "
    "say?",
    (
        wrong(
            "On new fruit the accuracy is at least 97 %.",
            "Only if the test images are like new fruit. The interval does not find a leak.",
        ),
        right(
            "How much the score varies between test sets that are drawn like this one.",
            "The bootstrap draws from the test set that we have. If that has near-duplicates in "
            "the training set, so do all its draws.",
        ),
        wrong(
            "In 95 % of the epochs the accuracy was in it.",
            "The bootstrap draws images again. It knows only one model and no epochs.",
        ),
        wrong(
            "Training again with another seed gives an accuracy in it.",
            "The interval is about the images. How much other seeds change the model is another "
            "question.",
        ),
    ),
)

QUESTIONS = (UNCLONED, LEAK, PHOTOS, AUDIT, NARROW)


# ---- endless -------------------------------------------------------------------------------------


def stopping(accuracies: list[int], patience: int, last_of_equals: bool = False) -> tuple[int, int]:
    """Return (best epoch, last epoch that is run) of early stopping.

    last_of_equals: whether an epoch that is only as good as the best one replaces it.
    """
    best = 0
    for epoch, value in enumerate(accuracies):
        if value > accuracies[best] or (last_of_equals and value == accuracies[best]):
            best = epoch
        if epoch - best >= patience:
            break
    return best, epoch


@endless
def where_training_stops(rng: Random) -> Question:
    """Which epoch does early stopping restore?"""
    others: dict[int, str] = {}
    while len(others) < 3:  # three wrong epochs that do not happen to be right
        patience = rng.randint(2, 3)
        accuracies = [rng.randint(60, 70)]
        for _ in range(9):
            accuracies.append(max(50, min(95, accuracies[-1] + rng.randint(-5, 6))))
        best, last = stopping(accuracies, patience)
        stops = last - best >= patience
        highest = accuracies.index(max(accuracies))
        pause = stopping(accuracies, 1)[0]  # the best epoch before the first one that is no better
        reasons = {
            last: f"Training stops there, {patience} epochs after the best one, and goes back."
            if stops
            else "It is the last epoch of all. Early stopping still goes back to the best one.",
            highest: f"Its {accuracies[highest]} is the highest of the list, but training stops "
            f"after epoch {last}.",
            best + 1: f"Epochs count from 0 here: the best one is the {ordinal(best + 1)}.",
            last - 1: f"Its {accuracies[last - 1]} is not better than {accuracies[best]}.",
            pause: f"One epoch that is no better does not stop the training: the patience is "
            f"{patience}.",
        }
        reasons.setdefault(
            0, f"Epoch {best} is better than the first: {accuracies[best]} to {accuracies[0]}."
        )
        reasons.setdefault(9, f"Training does not get there: it stops after epoch {last}.")
        others = {epoch: why for epoch, why in reasons.items() if epoch not in (best, 10)}
    return pose(
        rng,
        "Validation accuracies in percent of at most ten epochs, epoch by epoch; the patience is "
        f"{patience}. Which epoch does early stopping restore? Epochs count from 0.",
        [f"accuracies = {accuracies}"],
        right(
            f"Epoch {best}",
            f"No epoch up to {last} is better than its {accuracies[best]}, and after {patience} "
            "epochs without a better one training stops."
            if stops
            else f"No epoch is better than its {accuracies[best]}, and there are never {patience} "
            "epochs in a row without a better one, so training runs to its end.",
        ),
        [wrong(f"Epoch {epoch}", why) for epoch, why in others.items()],
    )


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th ... for numbers up to 20."""
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"


@cache
def annealed(start: float, end: float, t_max: int, steps: int) -> float:
    """Return the learning rate of CosineAnnealingLR after this many steps of the scheduler."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=start)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=t_max, eta_min=end)
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]


@endless
def annealed_learning_rate(rng: Random) -> Question:
    """What is the learning rate of an epoch under CosineAnnealingLR?"""
    start = rng.choice([0.1, 0.2, 0.4, 0.05])
    end = rng.choice([0.0, 0.001, start / 10])
    t_max = rng.choice([4, 8, 10, 12, 20])
    epochs = {
        "first": 0,
        "middle": t_max // 2,
        "last": t_max - 1,
        "after": t_max,
        "rising": t_max + t_max // 2,
        "whole": 2 * t_max,
    }
    epoch = rng.choice([*epochs.values()])
    value = annealed(start, end, t_max, epoch)
    if epoch <= t_max:
        why = f"The scheduler has made {epoch} of {t_max} steps from {start:g} down to {end:g}."
    else:
        why = (
            f"After {t_max} steps the learning rate rises again; {epoch - t_max} more steps have "
            "been made."
        )
    others: dict[str, str] = {}

    def add(number: float, reason: str) -> None:
        if decimals(number, 4) != decimals(value, 4):
            others.setdefault(decimals(number, 4), reason)

    add(end, f"That is `eta_min`, which is reached after exactly {t_max} steps.")
    add(start, "That is the learning rate of the first epoch, before any step of the scheduler.")
    add((start + end) / 2, "That is the mean of both ends, halfway down the wave.")
    fraction = min(epoch / t_max, 1)
    add(
        start + (end - start) * fraction,
        f"That is a straight line down to `eta_min` after {t_max} steps. This schedule is half a "
        "cosine wave.",
    )
    add(
        annealed(start, end, t_max, epoch + 1),
        "That is the learning rate of the epoch after it: the scheduler steps after the epoch.",
    )
    add(start / 10, "That is a tenth of the start, as StepLR would give after its first drop.")
    if epoch:
        add(
            annealed(start, end, t_max, epoch - 1),
            f"That is the learning rate of the epoch before: {epoch} steps have been made.",
        )
    return pose(
        rng,
        f"`scheduler.step()` runs at the end of each epoch. Which learning rate does epoch {epoch} "
        "train with? Epochs count from 0.",
        [
            f"optimizer = torch.optim.SGD(model.parameters(), lr={start:g})",
            "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(",
            f"    optimizer, T_max={t_max}, eta_min={end:g})",
        ],
        right(decimals(value, 4), why),
        [wrong(text, reason) for text, reason in others.items()],
    )


KINDS = ("where_training_stops", "annealed_learning_rate")
