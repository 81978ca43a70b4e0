"""One rule for numbers: what counts as one, and when two are near."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.checking.misconception import Misconception
from course.checking.values import (
    all_near,
    apart,
    as_float,
    described,
    difference,
    near,
    not_finite,
    number,
    reaches,
    shown,
    whole_number,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(FINITE)
def test_every_kind_of_number_is_read_alike(value):
    for found in (
        value,
        Fraction(value),
        Decimal(value),
        np.float32(value),
        np.float64(value),
        np.array(value),
        np.array([value]),
        torch.tensor(value),
        torch.tensor([[value]]),
        nn_parameter(value),
    ):
        assert number(found, "a number") == as_float(found) == value


def nn_parameter(value):
    """A parameter with one element, which requires a gradient."""
    return torch.nn.Parameter(torch.tensor(value))


@pytest.mark.parametrize(
    "found", [5, np.int64(5), np.uint8(5), torch.tensor(5), 5.0, Fraction(5), Decimal(5)]
)
def test_whole_numbers(found):
    assert whole_number(found, "a count") == 5


@pytest.mark.parametrize(
    "found",
    [
        math.nan,
        math.inf,
        10**400,
        torch.tensor(math.nan),
        np.ma.masked,
        np.ma.array([1.0], mask=True),
        torch.tensor(True),
        True,
        "5",
        [5],
        5j,
        torch.tensor(5j),
        torch.zeros(2),
        np.zeros(0),
        None,
    ],
)
def test_what_is_no_number(found):
    with pytest.raises(Misconception, match="expected a number; got"):
        number(found, "a number")


def test_a_long_value_is_cut_visibly():
    assert shown([1] * 99).endswith("...") and len(shown([1] * 99)) == 80
    assert shown("x" * 78) == repr("x" * 78)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("512", "str '512'"),
        ([1, 2], "list [1, 2]"),
        (torch.nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
        (torch.Size([2, 3]), "torch.Size([2, 3])"),
        (torch.zeros(2), "tensor([0., 0.])"),
        (
            torch.nn.Parameter(torch.zeros(1)),
            "Parameter containing: tensor([0.], requires_grad=True)",
        ),
        (None, "NoneType None"),
    ],
)
def test_a_type_is_told_once(found, told):
    assert described(found) == told


def test_half_is_no_count():
    with pytest.raises(Misconception, match="not a whole number"):
        whole_number(0.5, "a count")


@given(st.floats(), st.floats())
def test_near_is_never_true_of_what_is_not_finite(one, other):
    finite = math.isfinite(one) and math.isfinite(other)
    assert near(one, other) == (finite and abs(one - other) <= 1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16, torch.int64])
def test_tensors_of_other_dtypes_are_compared_by_value(dtype):
    expected = torch.tensor([1.0, 2.0])
    assert all_near(expected.to(dtype), expected)
    assert not all_near(expected.to(dtype)[:, None], expected)
    assert not all_near(torch.tensor([1.0, math.nan]), torch.tensor([1.0, math.nan]))


@given(st.integers(1, 300), st.integers(0, 100))
def test_a_threshold_is_reached_at_equality(count, percent):
    for right in range(count + 1):
        assert reaches(right, count, percent) == (100 * right >= percent * count)


@pytest.mark.parametrize("found", ["fast", None, math.nan, torch.zeros(2)])
def test_what_is_no_number_is_near_to_none(found):
    assert not near(found, 0.2, tolerance=1.0, relative=1.0)
    assert not all_near(torch.zeros(2, device="meta"), torch.zeros(2), tolerance=1.0)


def test_two_numbers_are_shown_with_digits_that_tell_them_apart():
    assert apart(4.34471, 4.34466) == ("4.34471", "4.34466")
    assert apart(4.5, 4.3447) == ("4.5", "4.3447")
    assert apart(2.0, 2.0) == ("2", "2")


def test_the_first_difference_of_two_tensors_is_told():
    expected = torch.tensor([[1.0, math.nan], [3.0, 4.0]])
    found = expected.clone()
    found[1, 0] = 3.00001
    told = "at [1, 0] expected 3, got 3.00001 (1 of 4 elements differ)"
    assert difference(found, expected) == told
    found[0, 0] = math.nan
    assert difference(found, expected, 1e-3).startswith("at [0, 0] expected 1, got nan (1 of 4")
    assert difference(torch.tensor(2.0), torch.tensor(3)) == (
        "expected 3, got 2 (1 of 1 elements differ)"
    )
    assert "got torch.float64" in difference(expected.double(), expected)
    assert difference(expected[0], expected) == "expected the shape (2, 2), got (2,)"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (torch.ones(2, device="meta"), "torch.float32 on meta"),
        (torch.ones(2).to_sparse(), "torch.float32 of layout torch.sparse_coo"),
        (torch.tensor([1.0, 1j]), "torch.complex64"),
    ],
)
def test_a_tensor_of_another_kind_is_told_by_its_kind(found, told):
    assert difference(found, torch.ones(2)) == f"expected torch.float32, got {told}"


def test_elements_that_are_not_finite_are_told_by_their_place():
    assert not_finite(torch.zeros(2, 3)) == ""
    found = torch.tensor([[1.0, 2.0], [math.inf, math.nan]])
    assert not_finite(found) == "2 of 4 are not, such as inf at [1, 0]"
