"""The report's statistics, and which marks count as near a threshold."""

import pytest

from nbjudge.reporting.near import is_near_threshold
from nbjudge.reporting.numbers import histogram, item_rest_correlation, quartiles


def test_the_item_rest_correlation_leaves_the_exercise_itself_out():
    items, rest = [1, 1, 0, 0, 1, 0], [9, 8, 3, 2, 6, 4]
    sums = [item + other for item, other in zip(items, rest, strict=True)]
    # r = cov / (sd sd) by hand: sum of (x - 1/2)(y - 16/3) = 7, of squares 1.5 and 118/3
    assert item_rest_correlation(items, sums) == pytest.approx(7 / (1.5 * 118 / 3) ** 0.5)
    against = [item + 10 - other for item, other in zip(items, rest, strict=True)]
    assert item_rest_correlation(items, against) < 0


@pytest.mark.parametrize(
    ("items", "sums"),
    [
        ([1, 0, 1, 0], [4, 1, 3, 2]),
        ([1] * 6, [1, 2, 3, 4, 5, 6]),
        ([1, 0] * 3, [3, 2] * 3),
        ([], []),
    ],
    ids=["four learners", "all solved it", "all else is equal", "nobody"],
)
def test_where_there_is_no_correlation_none_is_told(items, sums):
    assert item_rest_correlation(items, sums) is None


def test_every_share_is_in_one_bin_and_the_edges_are_where_they_should_be():
    assert histogram([0, 0.0999, 0.1, 0.3, 0.7, 0.999, 1, 1.2]) == [2, 1, 0, 1, 0, 0, 0, 1, 0, 3]
    assert quartiles([0.4]) == (0.4, 0.4, 0.4)
    assert quartiles([0, 1, 2, 3, 4]) == (1, 2, 3)


@pytest.mark.parametrize(
    ("sentence", "near"),
    [
        (
            "fruit: 138 of 200 images are right (69.0%), and 200 of 200; expected at least 70 %",
            True,
        ),
        (
            "fruit: 90 of 200 images are right (45.0%), and 140 of 200; expected at least 70 %",
            False,
        ),
        ("fruit: 141 of 200 images are right (70.5%); at least 70 % are required.", True),
        ("right: fruit 190 of 200 (required: 80 %), freshness 138 of 200 (required: 70 %)", True),
        ("right: fruit 190 of 200 (required: 80 %), freshness 38 of 200 (required: 70 %)", False),
        ("expected at least 90% of the fruit right; got 88.2% (90 of 100 fresh ones)", True),
        ("expected at least 0.7; got 0.69", True),
        ("expected at least 0.7; got 0.6", False),
        ("the head gets 68 of its 100 training images right; expected at least 70 %", True),
        ("expected 2048 features; got 512", False),
        ("expected at least 70 %", False),
        ("3 of 0 are right; at least 5 % are required", False),
        ("", False),
    ],
)
def test_a_check_that_tells_what_it_requires_tells_what_is_near(sentence, near):
    assert is_near_threshold(sentence) is near
