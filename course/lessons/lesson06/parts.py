"""Lesson 06: numbers that an answer returned, on their own or in a tuple."""

import math
from typing import Any

import numpy as np
from torch import Tensor

from course.checking.misconception import unlike
from course.checking.values import described, near


def parts_of(found: Any, count: int, expected: str) -> tuple:
    """Return `found` as a tuple of `count` parts; `expected` says in words which."""
    got = f"expected {expected}; got {described(found)}"
    try:
        if isinstance(found, dict | set | str):  # a dict would give its keys
            raise TypeError
        parts = tuple(found)
    except TypeError:
        raise unlike(found, got) from None
    if len(parts) != count:
        raise unlike(found, got)
    return parts


def is_undefined(found: Any) -> bool:
    """Return whether `found` is one number that is NaN or infinite, as 0 / 0 and 1 / 0 give."""
    if isinstance(found, Tensor | np.ndarray) and np.prod(tuple(found.shape)) == 1:
        found = found.item()
    return isinstance(found, float | np.floating) and not math.isfinite(found)


def percent_hint(found: float, expected: float) -> str:
    """Return a hint where `found` is the expected share in percent, else an empty string."""
    is_percent = expected != 0 and near(found, 100 * expected)
    return " (yours is a percentage; expected a share from 0 to 1)" if is_percent else ""
