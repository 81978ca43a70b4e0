"""Numbers that an answer returned: what counts as one, and when two are near each other.

One rule for all lessons. Where an exercise expects a number, an int, a float, a NumPy scalar, a
`fractions.Fraction`, a `decimal.Decimal`, and a tensor or array with one element are numbers. NaN,
infinities and masked elements are numbers of no answer.
"""

import math
import numbers
import re
from decimal import Decimal
from typing import Any

import numpy as np
import torch

from course.checking.misconception import unlike, wrong_result


def number(found: Any, expected: str) -> float:
    """Return `found` as a float. `expected` says in words what the exercise asks for.

    Raises Misconception for anything that is not one finite number.
    """
    got = f"expected {expected}; got {described(found)}"
    value = _element(found)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | Decimal):
        raise unlike(found, got)
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise unlike(found, got)
    return value


def as_float(found: Any) -> float:
    """Return a number of any kind that `number` takes, for given cells that print it or go on with
    it.

    float() alone takes no array of shape (1,).
    """
    return float(_element(found))


def _element(found: Any) -> Any:
    """Return the element of a tensor or array that has one, and anything else as it is."""
    if isinstance(found, torch.Tensor | np.ndarray) and np.prod(tuple(found.shape)) == 1:
        return np.ma.filled(found, math.nan).item() if is_masked(found) else found.item()
    return found


def number_in(found: Any, expected: str) -> float:
    """Return `found`, a part of a result that holds several, as a float; as `number` does.

    None is a wrong part here, and no forgotten `return`.
    """
    if found is None:
        raise wrong_result(f"expected {expected}; got None")
    return number(found, expected)


def is_masked(found: Any) -> bool:
    """Return whether `found` is one of NumPy's masked arrays, which compare in a way of their own.

    float() of a masked element warns and gives NaN.
    """
    return isinstance(found, np.ma.MaskedArray)


def whole_number(found: Any, expected: str) -> int:
    """Return `found` as an int; 512.0 counts, 512.5 does not.

    Raises Misconception for anything that is not one whole number.
    """
    value = number(found, expected)
    if value != int(value):
        raise unlike(found, f"expected {expected}; got {shown(found)}, which is not a whole number")
    return int(value)


def shown(found: Any) -> str:
    """Return `found` for a message, on one line of at most 80 characters; "..." ends a cut one."""
    text = repr(found).replace("\n", " ")
    return text if len(text) <= 80 else f"{text[:77]}..."


def described(found: Any) -> str:
    """Return a value and its type for a message, such as "str '512'" or "Linear(in_features=2)"."""
    text, kind = shown(found), type(found).__name__
    named = re.match(r"(?:\w+\.)*(\w+)(?: containing|\()", text)
    if named and named[1].lower() == kind.lower():
        return text
    return f"{kind} {text}"


def apart(found: float, expected: float, digits: int = 5) -> tuple[str, str]:
    """Return two numbers as text, with at least so many digits that they do not read alike."""
    for more in range(digits, 18):
        texts = f"{found:.{more}g}", f"{expected:.{more}g}"
        if texts[0] != texts[1]:
            break
    return texts


def near(found: float, expected: float, tolerance: float = 1e-5, relative: float = 0.0) -> bool:
    """Return whether two numbers are finite and differ by at most the tolerance.

    The tolerance is `tolerance + relative * abs(expected)`, as in torch.isclose. What is no number,
    such as a learning rate that was set to a text, is near to none.
    """
    try:
        found, expected = float(found), float(expected)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return False
    if not (math.isfinite(found) and math.isfinite(expected)):
        return False
    return abs(found - expected) <= tolerance + relative * abs(expected)


def all_near(
    found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-5, relative: float = 0.0
) -> bool:
    """Return whether two tensors have one shape and all their elements are `near`.

    Tensors of other dtypes and devices are compared as float64 on the CPU.
    """
    if found.shape != expected.shape or found.is_complex() or found.layout != torch.strided:
        return False
    if found.is_meta:  # it has a shape and no values
        return False
    one, other = (tensor.detach().cpu().double() for tensor in (found, expected))
    if not (one.isfinite().all() and other.isfinite().all()):
        return False
    return bool(((one - other).abs() <= tolerance + relative * other.abs()).all())


def difference(
    found: torch.Tensor, expected: torch.Tensor, tolerance: float = 0.0, relative: float = 0.0
) -> str:
    """Return in words how two tensors differ: in shape, at which element first, or in their kind.

    The kind is dtype, layout and device. Elements are compared where all have real values.
    """
    if found.shape != expected.shape:
        return f"expected the shape {tuple(expected.shape)}, got {tuple(found.shape)}"
    kinds = f"expected {_kind(expected)}, got {_kind(found)}"
    if any(t.is_meta or t.is_complex() or t.layout != torch.strided for t in (found, expected)):
        return kinds
    one, other = (tensor.detach().cpu().double() for tensor in (found, expected))
    near_by = (one == other) | ((one - other).abs() <= tolerance + relative * other.abs())
    far = ~(near_by | (one.isnan() & other.isnan()))
    if not far.any():
        return kinds
    place = tuple(far.nonzero()[0].tolist())
    got, wanted = apart(one[place].item(), other[place].item(), digits=4)
    where = f"at {list(place)} " if place else ""
    return (
        f"{where}expected {wanted}, got {got} ({int(far.sum())} of {far.numel()} elements differ)"
    )


def not_finite(found: torch.Tensor) -> str:
    """Return in words which elements of a tensor are NaN or infinite, "" where all are finite."""
    bad = ~found.isfinite()
    if not bad.any():
        return ""
    place = tuple(bad.nonzero()[0].tolist())
    where = f" at {list(place)}" if place else ""
    return f"{int(bad.sum())} of {bad.numel()} are not, such as {found[place].item():g}{where}"


def _kind(tensor: torch.Tensor) -> str:
    """Return the dtype of a tensor, its layout if it is not strided, and its device but the CPU."""
    words = [str(tensor.dtype)]
    if tensor.layout != torch.strided:
        words.append(f"of layout {tensor.layout}")
    if tensor.device.type != "cpu":
        words.append(f"on {tensor.device}")
    return " ".join(words)


def reaches(right: int, count: int, percent: float) -> bool:
    """Return whether `right` of `count` is at least `percent` %.

    Whole numbers are compared: the float32 mean of 140 ones in 200 is below 0.7.
    """
    return 100 * right >= round(percent * count, 6)
