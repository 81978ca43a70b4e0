"""The thought behind a wrong search, split or audit, Exercises 1 to 4 of lesson 07.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course.checking.misconception import Misconception, unlike, wrong_result
from course.checking.values import all_near, described, shown, whole_number
from course.lessons.lesson07.fixtures import SCALED, SHIFTED, Pair

CHANGES = 20  # how many random changes of each kind the audit has to try


# ---- rows and indices ----------------------------------------------------------------------------


def indices_of(found: Any, count: int, expected: str) -> list[int]:
    """Return the whole numbers below `count` that `found` holds: a list, tuple, set, tensor, array.

    `expected` says in words what the exercise asks for.
    """
    if isinstance(found, Tensor | np.ndarray):
        if str(found.dtype).endswith("bool"):
            raise wrong_result(f"expected {expected}; got a mask of booleans, not indices")
        if found.ndim != 1:
            raise wrong_result(f"expected {expected}; got the shape {tuple(found.shape)}")
        found = found.tolist()
    if not isinstance(found, list | tuple | set | frozenset | range):
        one = ": a single index needs a list, too" if isinstance(found, int) else ""
        raise unlike(found, f"expected {expected}; got {described(found)}{one}")
    if any(value is None for value in found):
        raise wrong_result(f"expected {expected}; got None among them")
    rows = [whole_number(value, "each index a whole number") for value in found]
    outside = [row for row in rows if not 0 <= row < count]
    if outside:
        raise wrong_result(f"expected indices from 0 to {count - 1}; got {outside[0]}")
    twice = sorted({row for row in rows if rows.count(row) > 1})
    if twice:
        raise wrong_result(
            f"expected each index once; index {twice[0]} occurs {rows.count(twice[0])} times"
        )
    return sorted(rows)


class Search(NamedTuple):
    """Which rows of `test` (M, D) an answer has found to be similar to a row of `train` (N, D)."""

    train: Tensor
    test: Tensor
    similarity: float
    rows: list[int]

    @property
    def cosines(self) -> Tensor:
        """The cosine similarities (M, N), 0 for a row of zeros."""
        unit_test, unit_train = (F.normalize(x.double(), dim=1) for x in (self.test, self.train))
        return unit_test @ unit_train.T

    @property
    def expected(self) -> list[int]:
        """The right rows."""
        # where a similarity is equal to the limit up to rounding, the fixtures make it exactly so
        return rows_of((self.cosines >= self.similarity).any(1))


def rows_of(flags: Tensor) -> list[int]:
    """Return the places of True in flags (M,)."""
    return flags.nonzero().flatten().tolist()


def each_with_its_place(search: Search) -> Tensor:
    """Return whether a row (M,) is similar to the row of `train` at the same place."""
    shorter = min(len(search.test), len(search.train))
    return search.cosines[:shorter, :shorter].diag() >= search.similarity


def of_centred_rows(search: Search) -> Tensor:
    """Return flags (M,) by rows from which their mean was subtracted."""
    rows = (x.double() - x.double().mean(1, keepdim=True) for x in (search.test, search.train))
    test, train = (F.normalize(x, dim=1) for x in rows)
    return (test @ train.T >= search.similarity).any(1)


def of_columns(search: Search) -> Tensor:
    """Return flags (M,) by rows of `test` and `train` whose columns have the length 1."""
    test, train = (F.normalize(x.double(), dim=0) for x in (search.test, search.train))
    return (test @ train.T >= search.similarity).any(1)


def dot_with(search: Search, normalised: str) -> Tensor:
    """Return flags (M,) by the dot product, with `normalised`, "train", "test" or none, of length
    1.
    """
    pair = {"test": search.test.double(), "train": search.train.double()}
    if normalised:
        pair[normalised] = F.normalize(pair[normalised], dim=1)
    return (pair["test"] @ pair["train"].T >= search.similarity).any(1)


# (code, words, the rows that it finds)
DUPLICATE_THOUGHTS: tuple[tuple[str, str, Callable[[Search], Tensor]], ...] = (
    ("equal-is-not-alike", "", lambda s: (s.test[:, None] == s.train).all(2).any(1)),
    ("dot-is-not-cosine", "", lambda s: dot_with(s, "")),
    ("dot-is-not-cosine", "", lambda s: dot_with(s, "train")),
    ("dot-is-not-cosine", "", lambda s: dot_with(s, "test")),
    ("compared-row-by-row", "", each_with_its_place),
    (
        "wrong-result",
        "You take the similarity to every row of `train`; expected at least one",
        lambda s: (s.cosines >= s.similarity).all(1),
    ),
    ("wrong-result", "You take the similarity of columns, not of rows", of_columns),
    (
        "wrong-result",
        "You take the similarity without its sign",
        lambda s: (s.cosines.abs() >= s.similarity).any(1),
    ),
    (
        "wrong-result",
        "You take the distance of two rows, which depends on their lengths",
        lambda s: (torch.cdist(s.test, s.train) <= 1 - s.similarity).any(1),
    ),
    ("wrong-result", "Yours are rows of `train`", lambda s: (s.cosines >= s.similarity).any(0)),
    (
        "at-least-includes-equal",
        "A row with exactly this similarity counts as well",
        lambda s: (s.cosines > s.similarity).any(1),
    ),
    (
        "wrong-result",
        "You subtract the mean of each row first; the cosine similarity takes rows as they are",
        of_centred_rows,
    ),
)


def check_duplicates(searches: Sequence[Search]) -> None:
    """Check which near-duplicates an answer has found.

    A thought is named only where it explains all that was found.
    """
    wrong = [search for search in searches if search.rows != search.expected]
    if not wrong:
        return
    first = wrong[0]
    rows, expected = first.rows, first.expected
    named = rows if len(rows) < 12 else f"{rows[:10]} and {len(rows) - 10} more"
    seen = (
        f"test {tuple(first.test.shape)}, train {tuple(first.train.shape)}, similarity "
        f"{first.similarity:g}: expected the rows {expected}; got {named}"
    )
    for code, words, flags in DUPLICATE_THOUGHTS:
        if all(search.rows == rows_of(flags(search)) for search in searches):
            raise Misconception(code, f"{seen}. {words}" if words else seen)
    row = sorted(set(rows) ^ set(expected))[0]
    zero = "" if first.test[row].any() else ", a row of zeros,"
    raise wrong_result(
        f"{seen}. The highest similarity of row {row}{zero} is {first.cosines[row].max():.3f}"
    )


# ---- a split by groups ---------------------------------------------------------------------------


def check_split(found: Any, groups: Tensor, count: int, where: str) -> tuple[list[int], list[int]]:
    """Check a split (indices of training photos, of test photos) by groups (N,), and return it.

    The test set has all photos of `count` groups.
    """
    expected = "a pair: the indices of the training photos, and those of the test photos"
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise unlike(found, f"{where}: expected {expected}; got {shown(found)}")
    for part in found:
        if isinstance(part, set | frozenset):
            raise wrong_result(f"{where}: expected {expected}; got a set, which cannot be an index")
    train, test = (indices_of(part, len(groups), expected) for part in found)
    both = sorted(set(train) & set(test))
    if both:
        raise wrong_result(
            f"{where}: expected each photo in one set; {len(both)} of {len(groups)} are in the "
            f"training set and in the test set, for example photo {both[0]}"
        )
    missing = sorted(set(range(len(groups))) - set(train) - set(test))
    if missing:
        raise wrong_result(
            f"{where}: expected each photo in one set; {len(missing)} of {len(groups)} are in "
            f"neither, for example photo {missing[0]}"
        )
    train_groups, test_groups = set(groups[train].tolist()), set(groups[test].tolist())
    shared = sorted(train_groups & test_groups)
    if shared:
        raise Misconception(
            "group-on-both-sides",
            f"{where}: fruit {shared[0]} has photos in both sets; so have {len(shared) - 1} others",
        )
    if len(test_groups) != count:
        swapped = len(train_groups) == count
        raise wrong_result(
            f"{where}: expected {count} fruits in the test set; got {len(test_groups)}"
            f"{', and that many in the training set, which comes first' if swapped else ''}"
        )
    return train, test


# ---- standardised features -----------------------------------------------------------------------


def standardised_by(rows: Tensor, by: Tensor, correction: int) -> Tensor:
    """Return rows (M, D) minus the mean of each column of `by` (N, D), divided by its std.

    A column that is constant in `by` is divided by 1.
    """
    by = by.double()
    std = by.std(0, correction=correction)
    std = torch.where((by == by[:1]).all(0), torch.ones_like(std), std)
    return (rows.double() - by.mean(0)) / std


def wrong_standardisations(train: Tensor, other: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Return {a thought in words: what it makes of train (N, D) and other (M, D)}.

    It is meant for the columns that are not constant in train.
    """
    rows = train.double(), other.double()
    train = rows[0]
    mean = train.mean(0)
    spread = train.amax(0) - train.amin(0)

    def by(centre: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        return (rows[0] - centre) / scale, (rows[1] - centre) / scale

    def of_its_row(part: Tensor) -> Tensor:
        return (part - part.mean(1, keepdim=True)) / part.std(1, keepdim=True)

    return {
        "you divide by the variance; expected the standard deviation": by(mean, train.var(0)),
        "you divide by largest minus smallest value; expected the standard deviation": by(
            train.amin(0), spread
        ),
        "you use one mean and one standard deviation of all columns; expected those of each "
        "column": ((rows[0] - train.mean()) / train.std(), (rows[1] - train.mean()) / train.std()),
        "you use the mean and standard deviation of each row; expected those of each column": (
            of_its_row(rows[0]),
            of_its_row(rows[1]),
        ),
        "`train` is as it was; expected that both are standardised": (
            rows[0],
            by(mean, train.std(0))[1],
        ),
    }


def check_standardised(found: Any, train: Tensor, other: Tensor, where: str) -> None:
    """Check the pair (train, other), both standardised by the training set's statistics.

    train: (N, D); other: (M, D).
    """
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise unlike(found, f"{where}: expected the pair (train, other); got {shown(found)}")
    given = {"train": train, "other": other}
    for (name, before), after in zip(given.items(), found, strict=True):
        if not isinstance(after, Tensor):
            raise wrong_result(f"{where}: expected a tensor for {name}; got {shown(after)}")
        if after.shape != before.shape or after.dtype != before.dtype:
            raise wrong_result(
                f"{where}: expected {name} as {tuple(before.shape)}, {before.dtype}; "
                f"got {tuple(after.shape)}, {after.dtype}"
            )

    everywhere = torch.ones(train.shape[1], dtype=torch.bool)
    varying = (train != train[:1]).any(0)  # a thought shows in these columns

    def is_by(after: Tensor, before: Tensor, by: Tensor, columns: Tensor = varying) -> bool:
        for correction in (0, 1):
            version = standardised_by(before, by, correction)
            if all_near(after[:, columns], version[:, columns], 1e-4, 1e-4):
                return True
        return False

    pairs = list(zip(found, (train, other), strict=True))
    if all(is_by(after, before, train, everywhere) for after, before in pairs):
        return
    both = torch.cat([train, other])
    if all(is_by(after, before, both) for after, before in pairs):
        raise Misconception(
            "statistics-of-all-rows", f"{where}: yours are the statistics of all {len(both)} rows"
        )
    if is_by(found[0], train, train) and (
        is_by(found[1], other, other) or (len(other) == 1 and not found[1][:, varying].any())
    ):
        raise Misconception(
            "own-statistics",
            f"{where}: `other` is standardised by the statistics of its own {len(other)} rows",
        )
    for thought, versions in wrong_standardisations(train, other).items():
        if all(
            all_near(after[:, varying], wrong[:, varying], 1e-3, 1e-3)
            for after, wrong in zip(found, versions, strict=True)
        ):
            raise wrong_result(f"{where}: {thought}")
    for (name, before), after in zip(given.items(), found, strict=True):
        right = standardised_by(before, train, 1)
        if is_by(after, before, train, everywhere):
            continue
        row, column = np.unravel_index(int((after.double() - right).abs().argmax()), right.shape)
        values = train[:, column]
        told = f"the column has the mean {values.mean():.3g} and the std {values.std():.3g}"
        if (values == values[0]).all():
            told = f"all values of the column are {values[0]:.3g}"
            if values.std() > 0:
                told += f", although `std()` gives {values.std():.3g} for them: compare values"
        raise wrong_result(
            f"{where}: {name}[{row}, {column}] is {before[row, column]:.3g}; expected "
            f"{right[row, column]:.3g}, got {after[row, column]:.3g}. In `train` {told}"
        )


# ---- audits --------------------------------------------------------------------------------------


def check_audit(
    found: set,
    truth: set,
    name: str,
    calls: list[tuple[Pair, Pair]],
    train: Pair,
    test: Pair,
) -> None:
    """Check what an audit says that a procedure takes from the test set.

    name: what the procedure does; calls: the (training set, test set) of each call of it; train and
    test: those that the audit was given.
    """
    features, labels = changes_tried([used for _, used in calls])
    both = both_changed([used for _, used in calls], test)
    seen = (
        f"a procedure that {name}: expected {written(truth)}; got {written(found)}. Your "
        f"{len(calls)} calls tried {features} other features with the same labels and {labels} "
        "other labels with the same features"
    )
    if both:
        seen += f"; {both} changed both at once, which does not tell on which of the two it depends"
    if not calls:
        raise Misconception("answer-from-memory", f"{seen}: you never called it")
    if found == truth:
        if truth:
            return
        if min(features, labels) >= CHANGES:
            expect_all_classes([used for _, used in calls], test, int(train[1].max()) + 1)
            return
        seen += f". Expected {CHANGES} of each"
        if min(features, labels) == 0:
            raise wrong_result(seen)
        raise Misconception("one-change-tried", seen)
    if found - {"features", "labels"}:
        raise wrong_result(f'{seen}. The set may contain "features" and "labels" only')
    if not truth and all(equal_pairs(used, train) for used, _ in calls):
        raise Misconception("score-for-model", f"{seen}; all gave the very same head")
    tests = [used for _, used in calls]
    missed = truth - found
    orders_only = all(same_but_for_order(used, test) for used in tests)
    if missed and any(not equal_pairs(used, test) for used in tests) and orders_only:
        raise Misconception(
            "another-order-is-no-change",
            f"{seen}. In all of them the test set held the same values, in other orders",
        )
    columns = {"features": 0, "labels": 1}
    for what in sorted(missed):
        tensors = [used[columns[what]] for used in tests]
        given = test[columns[what]]
        if any(not torch.equal(tensor, given) for tensor in tensors) and all(
            same_values(tensor, given) for tensor in tensors
        ):
            raise Misconception(
                "another-order-is-no-change",
                f"{seen}. The {what} were always the same values, in other orders",
            )
    if missed and name == SCALED and min(features, labels) >= CHANGES:
        raise Misconception(
            "predictions-for-outputs",
            f"{seen}. They change the outputs of the head, but not the argmax of any row",
        )
    if missed and name == SHIFTED and features >= CHANGES:
        seen += (
            ". They change its outputs by less than 0.001, and that is a difference: the same "
            "inputs always give the same head"
        )
    if missed and not found - truth:
        for what, number in (("features", features), ("labels", labels)):
            if what in missed and 0 < number < CHANGES:
                raise Misconception("one-change-tried", seen)
    raise wrong_result(seen)


def expect_all_classes(tests: Sequence[Pair], test: Pair, classes: int) -> None:
    """Raise Misconception where a class is in none of the labels that an audit has tried."""
    tried: set[float] = set()
    for _, labels in tests:
        if not torch.equal(labels, test[1]):
            tried.update(labels.tolist())
    absent = sorted(set(range(classes)) - tried)
    if absent:
        raise wrong_result(
            f"expected that the random labels are drawn from all {classes} classes; none of those "
            f"that you tried is {absent[0]}"
        )


def written(names: Iterable[str]) -> str:
    """Return a set of names as Python writes it, in one order."""
    return "{" + ", ".join(f'"{name}"' for name in sorted(map(str, names))) + "}"


def changes_tried(tests: Sequence[Pair]) -> tuple[int, int]:
    """Return how many other features, and how many other labels, an audit tried.

    A change counts if the other half of the test set stayed the same.
    """
    labels_by_features: dict[bytes, set[bytes]] = {}
    features_by_labels: dict[bytes, set[bytes]] = {}
    for features, labels in tests:
        one, other = (t.detach().contiguous().numpy().tobytes() for t in (features, labels))
        labels_by_features.setdefault(one, set()).add(other)
        features_by_labels.setdefault(other, set()).add(one)
    features_tried = max((len(each) - 1 for each in features_by_labels.values()), default=0)
    labels_tried = max((len(each) - 1 for each in labels_by_features.values()), default=0)
    return features_tried, labels_tried


def both_changed(tests: Sequence[Pair], test: Pair) -> int:
    """Return in how many of the test sets both features and labels are others than in `test`."""
    return sum(
        not any(torch.equal(now, then) for now, then in zip(used, test, strict=False))
        for used in tests
    )


def equal_pairs(one: Pair, other: Pair) -> bool:
    """Return whether the tensors of two pairs are equal."""
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=False))


def same_but_for_order(one: Pair, other: Pair) -> bool:
    """Return whether the tensors of two pairs hold the same numbers in each column."""
    return all(same_values(a, b) for a, b in zip(one, other, strict=False))


def same_values(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors hold the same numbers in each column, in any order."""
    return torch.equal(one.sort(0).values, other.sort(0).values)
