"""Lesson 07, scores you can trust: the checks of its exercises.

fixtures.py has what they try answers on; diagnosis.py and training.py name the thought behind a
wrong result.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course.checking import comparisons
from course.checking.check import check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    first_and_more,
    wrong_result,
)
from course.checking.values import near, number, number_in, shown
from course.lessons.lesson07.diagnosis import (
    Search,
    check_audit,
    check_duplicates,
    check_split,
    check_standardised,
    indices_of,
)
from course.lessons.lesson07.fixtures import (
    Photos,
    TrainingRun,
    generator,
    mixed_groups,
    noise,
    planned_inputs,
    planned_model,
    procedures,
    record_forwards,
    uneven_labels,
)
from course.lessons.lesson07.training import (
    Interval,
    check_best_epoch,
    check_intervals,
    check_restored,
    check_steps_and_rates,
)

# ---- suspect 1: the photos -----------------------------------------------------------------------

ONES = torch.ones(1, 4)
ZEROS = torch.zeros(1, 4)
# (train, test): the similarity of the first is 0.8, of the last but two 0.99; those of the others
# are exact: 0.5, 1, 0 and -1. Last come two rows 0.00002 below and above 0.5, and rows of zeros.
TINY_SETS = (
    (0.5 * torch.eye(4)[:1], torch.tensor([[4.0, 3.0, 0.0, 0.0]])),
    (torch.eye(4)[:1] * 3, torch.cat([ONES, -ONES, ZEROS, 2 * torch.eye(4)])),
    (torch.cat([ZEROS, 2 * ONES]), 0.25 * torch.eye(4)[:1]),
    (-ONES, ONES),
    (torch.tensor([[3.0, 3.0, 4.0, 4.0]]), 2 * ONES),  # similar, but not without their means
    (torch.eye(4)[:1], torch.tensor([[0.49998, 0.86604, 0, 0], [0.50002, 0.86601, 0, 0]])),
    (torch.cat([ZEROS, ONES]), torch.cat([ZEROS, ONES])),
)


@check
def near_duplicates(
    answer: Callable,
    sizes: tuple[int, int] = (40, 25),
    similarity: float = 0.9,
    seed: int = 0,
) -> str:
    """Exercise 1: which rows of `test` are similar to a row of `train`, by cosine similarity?

    sizes: rows of train and test. Six test rows are training rows with noise, two of them without,
    one similar to two training rows; the rows differ in length. Then TINY_SETS, with similarities
    of exactly 0.5, rows of zeros and single rows. Hidden: more test rows than training rows.
    """
    count = sizes[1]
    train, test = 0.1 * noise(seed, sizes[0], 64), 0.1 * noise(seed + 1, count, 64)
    scale = torch.linspace(0.2, 8, count)[:, None]  # bright and dark images
    planted = sorted(torch.randperm(count, generator=generator(seed))[:6].tolist())
    scale[planted[2]] = 1  # one is near by distance as well
    for place, row in enumerate(planted):
        test[row] = train[-1 - place] + 0.003 * noise(seed + 2 + place, 64)
    for row in planted[4:]:  # and some at the same place in both
        if row < sizes[0] - 6:
            train[row] = test[row] + 0.003 * noise(seed + row, 64)
    test = test * scale
    others = [row for row in range(count) if row not in planted]
    test[planted[0]], test[planted[1]] = train[-1], train[-2]  # the very same files
    test[others[0]] = test[others[1]]  # two test images are alike, which is no leak
    train[0] = train[-3]  # and one has two near-duplicates
    expected = "a list of indices of rows of `test`"
    searches = []
    for one, other, limit in (
        (train, test, similarity),
        *((*pair, 0.5) for pair in TINY_SETS),
        (train[6:-6], test[others], similarity),
    ):
        found = answer(one.clone(), other.clone(), limit)
        rows = indices_of(found, len(other), expected)
        searches.append(Search(one, other, limit, rows))
    check_duplicates(searches)
    return (
        f"{len(planted)} of {count} test rows have a near-duplicate in the training set: {planted}."
    )


@check
def split_by_group(
    answer: Callable,
    cases: Sequence[tuple[dict[int, int], int]] = (
        ({3: 5, 0: 5, 8: 5, 1: 5, 20: 5}, 2),
        ({7: 1, 2: 9, 5: 3, 11: 4}, 1),
    ),
    seed: int = 0,
) -> str:
    """Exercise 2: is each fruit on one side of the split, and do the seeds decide on which?

    cases: ({group: number of photos}, number of groups in the test set). Hidden: other groups.
    """
    for sizes, count in cases:
        groups = mixed_groups(sizes, seed)
        tests = []
        for draw in range(40):
            where = f"fruits {groups.tolist() if len(groups) < 20 else sorted(sizes)}, seed {draw}"
            _, test = check_split(answer(groups.clone(), count, draw), groups, count, where)
            tests.append(frozenset(groups[test].tolist()))
            if draw < 3:
                _, again = check_split(answer(groups.clone(), count, draw), groups, count, where)
                if again != test:
                    raise wrong_result(
                        f"{where}: expected the same test set from a second call with this seed; "
                        f"got the photos {shown(test)}, then {shown(again)}"
                    )
        if len(set(tests)) == 1:
            raise wrong_result(
                f"seeds 0 to 39 all put the fruits {sorted(tests[0])} into the test set; expected "
                "another draw with another seed"
            )
        possible = math.comb(len(sizes), count)
        if len(set(tests)) <= len(sizes) and possible >= 2 * len(sizes):
            raise wrong_result(
                f"seeds 0 to 39 give {len(set(tests))} different test sets of {count} fruits, and "
                f"{possible} are possible; expected fruits that are drawn at random"
            )
        never = sorted(set(sizes) - frozenset.union(*tests))
        if never:
            raise wrong_result(
                f"seeds 0 to 39 never put fruit {never[0]} into the test set; expected that every "
                "fruit can be drawn"
            )
    return f"each fruit is on one side, with {count} of {len(sizes)} fruits in the last test set."


# ---- suspect 2: the procedure --------------------------------------------------------------------


@check
def standardised(
    answer: Callable,
    shapes: Sequence[tuple[int, int, int]] = ((30, 12, 4), (9, 1, 3)),
    seed: int = 0,
) -> str:
    """Exercise 3: are both sets standardised by the statistics of the training set?

    shapes: (rows of train, rows of other, columns); the first column varies little, the last one
    is constant in train, and not in other. It is 0.1 there: `std()` of one column can give 1e-9 for
    it, because the mean is rounded; that is more than the standard deviation of the first. Float32
    and float64. Hidden: other shapes.
    """
    for rows, others, columns in shapes:
        for dtype in (torch.float32, torch.float64):
            scale = torch.linspace(0.5, 30, columns)
            train = (noise(seed, rows, columns) * scale + 4 * scale).to(dtype)
            other = (noise(seed + 1, others, columns) * 2 * scale + scale).to(dtype)
            train[:, 0], other[:, 0] = 1e-12 * train[:, 0], 1e-12 * other[:, 0]
            train[:, -1] = 0.1
            where = f"{rows} training rows and {others} other{'s' if others > 1 else ''}"
            found = answer(train.clone(), other.clone())
            check_standardised(found, train, other, where)
    return f"mean and standard deviation of the {rows} training rows, in both sets."


@check
def depends_on_test(answer: Callable, classes: int = 2, seed: int = 1) -> str:
    """Exercise 4: does a procedure use the features or the labels of the test set?

    Nine procedures are audited, one of them honest. Training and test set differ in mean, spread
    and frequencies. Hidden: three classes.
    """
    audited = procedures(classes)
    train = noise(seed, 31, 6), classes - 1 - uneven_labels(seed, 31, classes)
    test = 2 * noise(seed + 1, 24, 6) + 2, uneven_labels(seed + 1, 24, classes)
    for name, (make_head, truth) in audited.items():
        calls = []

        def procedure(train, test, make_head=make_head, calls=calls):
            calls.append((copy_of(train), copy_of(test)))
            return make_head(train, test)

        found = answer(procedure, copy_of(train), copy_of(test))
        expect(found, set | frozenset, 'a set of "features" and "labels"')
        check_audit(set(found), truth, name, calls, train, test)
    return f"{len(audited)} procedures audited: you found what each takes from the test set."


def copy_of(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return copies of tensors, which an answer may change."""
    return tuple(tensor.clone() for tensor in tensors)


# ---- suspect 3: the training ---------------------------------------------------------------------

Counts = tuple[int, int]  # images, and how many of them the model gets right


@check
def overfitting_gap(
    answer: Callable,
    cases: Sequence[tuple[Counts, Counts]] = (
        ((45, 41), (40, 24)),
        ((23, 9), (1, 1)),
        ((3000, 2401), (400, 301)),
    ),
    batch: int = 10,
    classes: int = 3,
    seed: int = 0,
) -> str:
    """Exercise 5: what is training accuracy minus validation accuracy, over all original images?

    cases: the counts of the training and of the validation set; the second gap is negative, and the
    last counts are more than float16 and uint8 can hold. The loader shuffles, augments and drops
    its last incomplete batch. Hidden: other counts.
    """
    told = []
    for train_counts, validation_counts in cases:
        train = planned_inputs(seed, train_counts[0], classes, train_counts[1])
        validation = planned_inputs(seed + 1, validation_counts[0], classes, validation_counts[1])
        told.append(gap_of(answer, train, validation, (train_counts, validation_counts), batch))
    return f"gaps of {', '.join(f'{100 * gap:.0f}' for gap in told)} points, over all images."


def gap_of(
    answer: Callable,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    counts: tuple[Counts, Counts],
    batch: int,
) -> float:
    """Return the gap that an answer finds, if it is right; counts: of both sets."""
    classes = train[0].shape[1] - 4
    photos = Photos(*train)
    loader = torch.utils.data.DataLoader(photos, batch, shuffle=True, drop_last=True)
    model = planned_model(classes + 4, classes)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    kept = comparisons.snapshot([("images", photos.images), ("labels", photos.labels)])
    forwards = record_forwards(model)
    condition = comparisons.condition(model)
    augment = photos.augment
    found = answer(model, loader, copy_of(validation))
    said = number(found, "one number, a difference of two accuracies")
    moved = comparisons.moved_since(model, before)
    if any(forwards.modes) or any(name.endswith("num_batches_tracked") for name in moved):
        seen = f"{sum(forwards.modes)} of {len(forwards.modes)} forward passes ran in train mode"
        if moved:
            seen = f"{first_and_more(moved)} changed: a layer ran in train mode"
        raise Misconception("evaluated-in-train-mode", seen)
    if moved:
        raise Misconception(
            "model-left-changed",
            f"expected that the parameters and buffers keep their values; {first_and_more(moved)} "
            "changed, in eval mode",
        )
    left = comparisons.differences(condition, comparisons.condition(model), but=("training",))
    if left:
        raise Misconception(
            "model-left-changed",
            f"{first_and_more(left)}; expected that only the mode of the model changes",
        )
    if photos.augment is not augment:
        raise wrong_result(
            "expected that dataset.augment is the same function after the call; it is "
            f"{shown(photos.augment)}, so the next epoch would train on other images"
        )
    changed = [
        name for name, old in kept.items() if not comparisons.same(getattr(photos, name), old)
    ]
    if changed:
        raise wrong_result(
            f"expected that dataset.{changed[0]} stays as it is; your function has changed it"
        )
    (train_count, train_right), (count, right) = counts
    shares = train_right / train_count, right / count
    expected = shares[0] - shares[1]
    if near(said, expected, 1e-5):
        return said
    seen = (
        f"{train_right} of {train_count} training images and {right} of {count} validation images "
        f"are right: expected {shares[0]:.3f} - {shares[1]:.3f} = {expected:.3f}, got {said:.3f}"
    )
    if photos.augmented:
        raise Misconception(
            "evaluated-with-augmentation",
            f"{seen}. dataset.augment altered {photos.augmented} images during your call",
        )
    if forwards.rows < train_count + count:
        raise Misconception(
            "drop-last-forgotten",
            f"{seen}. The model got {forwards.rows} of {train_count + count} images",
        )
    if near(said, -expected, 1e-5):
        raise wrong_result(f"{seen}. The gap is training minus validation, with its sign")
    if near(said, 100 * expected, 1e-3):
        raise wrong_result(f"{seen}. A difference of shares is expected, not of percentages")
    if said == 0 and expected < 0:
        raise wrong_result(f"{seen}. The gap can be negative")
    if said and said in [round(expected, digits) for digits in range(5)]:
        raise wrong_result(f"{seen}. Yours is rounded")
    raise wrong_result(seen)


NAN = float("nan")
ACCURACIES = {  # planned accuracies, epoch by epoch: of fruit, then of freshness
    "a peak": (
        (0.5, 0.5, 0.7, 0.80, 0.79, 0.9, 0.6, 0.6, 0.6, 0.6),
        (0.5, 0.6, 0.6, 0.70, 0.70, 0.5, 0.6, 0.6, 0.6, 0.95),
    ),
    "two pauses": (
        (0.6, 0.5, 0.5, 0.7, 0.6, 0.6, 0.95, 0.5, 0.5, 0.7),
        (0.6, 0.6, 0.5, 0.7, 0.6, 0.6, 0.50, 0.5, 0.5, 0.6),
    ),
    "a plateau": (
        (0.5, 0.7, 0.6, 0.7, 0.5, 0.5, 0.5, 0.5, 0.5, 0.9),
        (0.5, 0.6, 0.7, 0.6, 0.6, 0.5, 0.5, 0.5, 0.5, 0.9),
    ),
    "small gains": (
        (0.60, 0.602, 0.604, 0.606, 0.608, 0.60815, 0.60817, 0.608171, 0.608172, 0.608173),
        (0.60, 0.602, 0.604, 0.606, 0.608, 0.60815, 0.60817, 0.608171, 0.608172, 0.608173),
    ),
    "a slow return": (
        (0.8, 0.5, 0.52, 0.54, 0.56, 0.58, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1),
        (0.8, 0.5, 0.52, 0.54, 0.56, 0.58, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1),
    ),
    "NaN in the middle": (
        (0.5, 0.6, NAN, 0.7, 0.6, NAN, 0.5, 0.6, 0.6, 0.9),
        (0.5, 0.6, 0.9, 0.6, NAN, 0.9, 0.5, 0.6, 0.6, 0.9),
    ),
    "all zero": ((0.0,) * 10, (0.0,) * 10),
    "a single epoch": ((0.4,), (0.3,)),
    "three epochs": ((0.4, 0.6, 0.5), (0.3, 0.4, 0.4)),
}


@check
def fit(
    answer: Callable,
    lines: Sequence[str] = tuple(ACCURACIES),
    patience: int = 3,
    count: int = 4,
) -> str:
    """Exercise 6: does training stop after `patience` epochs, and go back to the best epoch?

    lines: keys of ACCURACIES; count: steps in an epoch. Two lines have no more epochs than
    patience; the first comes once more with a patience of 1. Hidden: the same lines with another
    patience and another number of steps.
    """
    for line, waits in (*((line, patience) for line in lines), (lines[0], 1)):
        run = TrainingRun(ACCURACIES[line])
        epochs = len(ACCURACIES[line][0])
        batches = list(range(5, 5 + count))
        found = answer(run.model, run.scheduler, batches, run.step, run.validate, epochs, waits)
        check_steps_and_rates(run, list(range(5, 5 + count)), line)
        best = check_best_epoch(found, run, waits, line)
        check_restored(run, best, line)
    return (
        f"{len(lines) + 1} trainings stopped in time, with the state of the best epoch restored "
        "and one step of the scheduler an epoch."
    )


# ---- uncertainty ---------------------------------------------------------------------------------


@check
def bootstrap_interval(
    answer: Callable,
    cases: Sequence[tuple[int, int, int]] = (
        (400, 500, 10_000),
        (4, 5, 3000),
        (30, 30, 500),
        (1, 2, 500),
    ),
    seed: int = 0,
) -> str:
    """Exercise 7: between which two accuracies lie 95 % of the draws with replacement?

    cases: (right, images, draws); of two images a draw that never takes one of them shows at once.
    Then a single draw, whose quantiles are equal. Hidden: others.
    """
    found = []
    for right, count, draws in cases:
        correct = torch.randperm(count, generator=generator(seed)) < right
        low, high = interval_of(answer(correct.clone(), draws))
        found.append(Interval(low, high, correct, draws))
    check_intervals(found)
    correct = torch.randperm(60, generator=generator(seed)) < 40
    ends = [interval_of(answer(correct.clone(), 1)) for _ in range(6)]
    for low, high in ends:
        if not near(low, high, 1e-6):
            raise wrong_result(
                "draws=1: expected two equal quantiles, because there is one accuracy; got "
                f"{low:.3f} and {high:.3f}"
            )
    told = [
        f"{int(each.correct.sum())} of {len(each.correct)}: {each.low:.3f} to {each.high:.3f}"
        for each in found
    ]
    return f"{'; '.join(told)}."


def interval_of(found: object) -> tuple[float, float]:
    """Return the two numbers of an interval."""
    low, high = expect_pair(found, f"expected the pair (low, high); got {found!r:.60}")
    return number_in(low, "a number for low"), number_in(high, "a number for high")
