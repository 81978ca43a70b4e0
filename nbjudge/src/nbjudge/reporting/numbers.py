"""Statistics of marks: pure functions of numbers."""

import statistics
from collections.abc import Sequence

FEWEST = 5  # learners from whom a correlation says anything


def item_rest_correlation(items: Sequence[float], sums: Sequence[float]) -> float | None:
    """Return how well an exercise tells strong learners from weak ones, from -1 to 1.

    This is the item-rest correlation, also called the corrected item-total correlation: Pearson's
    correlation between the points of the exercise and the points of all other exercises. Leaving
    the exercise itself out of the sum is the correction of S. Henrysson, "Correction of item-total
    correlations in item analysis", Psychometrika 28 (1963), 211-218.

    `items`: each learner's points for the exercise. `sums`: each learner's points for all
    exercises, in the same order. Returns None for fewer than FEWEST learners, and where all have
    the same points, because then there is no correlation.
    """
    if len(items) < FEWEST:
        return None
    rest = [whole - item for item, whole in zip(items, sums, strict=True)]
    if max(items) - min(items) < 1e-9 or max(rest) - min(rest) < 1e-9:
        return None
    return statistics.correlation(items, rest)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile of at least one value."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, middle, upper


BINS = 10


def histogram(shares: Sequence[float]) -> list[int]:
    """Return how many shares, from 0 to 1, lie in each tenth; 1 lies in the last one.

    A share above 1, from extra points, lies in the last one, too.
    """
    counts = [0] * BINS
    for share in shares:
        counts[min(BINS - 1, max(0, int(share * BINS + 1e-9)))] += 1
    return counts
