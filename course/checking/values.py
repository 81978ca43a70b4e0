"""Reading the number that an answer returned; it may be of any type."""

from typing import Any

from course.checking.misconception import unlike


def expect_number(found: Any, observed: str) -> float:
    """Return `found` as a float: a number of Python, of NumPy, or a tensor with one element.

    Raises Misconception, in the words `observed`, for anything else.
    """
    try:
        return float(found)
    except (TypeError, ValueError, RuntimeError):
        raise unlike(found, observed) from None
