"""The check decorator: makes a check repeatable and quiet, and shows its result in a panel."""

import contextlib
import functools
import inspect
import io
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from typing import Any, get_origin

import torch
from torch import nn

from course.checking import cells, panel
from course.checking.left_behind import ArgumentsKept, switches_restored
from course.checking.misconception import Misconception, unlike, wrong_result
from course.checking.values import described, shown

# A class of the learner's own with one of these methods could make its object equal to any answer.
COMPARING_METHODS = {
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__hash__",
    "__class__",
    "__getattribute__",
    "__float__",
    "__int__",
    "__index__",
    "__abs__",
    "__sub__",
    "__rsub__",
    "__torch_function__",
    "__torch_dispatch__",
    "__array__",
}
VALUES = int | float | str | torch.Tensor
Answer = Callable[..., Any]  # the learner's function, as a check receives it


def expect(found: object, kind: type | types.UnionType, expected: str) -> None:
    """Raise Misconception unless `found` is an instance of `kind`; `expected` names it in words.

    isinstance() is not used, because it can be deceived by a class with its own `__class__`.
    """
    if not issubclass(type(found), kind):
        got = type(found).__name__
        if issubclass(type(found), type) and issubclass(found, kind):
            got = f"the class {found.__name__}: return an object of it"
        raise unlike(found, f"expected {expected}; got {got}")


def plain(found: Any) -> Any:
    """Return `found`, a value that an answer returned.

    Raises Misconception if the learner has written the value's class, and the class defines how it
    is compared. The values in a list, tuple or dict are looked at, too; of a list, the first 100
    only, to save time.
    """
    for value in (found, *_held_by(found)):
        if any(_decides_equality(kind) for kind in type.mro(type(value))):
            raise wrong_result(
                f"expected a plain value; you return one of a class {type(value).__name__}, "
                "which decides itself what it is equal to"
            )
    return found


def _held_by(found: Any) -> Iterable[Any]:
    if type(found) in (list, tuple):
        return found[:100]
    if type(found) is dict:
        return found.values()
    return ()


def _decides_equality(kind: type) -> bool:
    """Return whether a class is the learner's own and defines how its objects are compared."""
    if is_library(kind) and is_library(type(kind)):
        return False
    if type(kind) is not type or issubclass(kind, VALUES):
        return True
    # the namespace itself: a `__dict__` that the class defines could hide a method
    namespace = type.__dict__["__dict__"].__get__(kind)
    return bool(COMPARING_METHODS & set(namespace))


HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: the class was made while Python ran


def is_library(kind: type) -> bool:
    """Return whether this very class is found by its name in an imported module.

    A class that is compiled into Python or a library counts, too, such as that of generators: a
    `class` statement cannot make one.
    """
    if not type.__dict__["__flags__"].__get__(kind) & HEAP_TYPE:
        return True
    if kind.__module__ == "__main__":
        return False
    module = sys.modules.get(kind.__module__)
    return getattr(module, kind.__qualname__, None) is kind


def as_given(answer: Any) -> Any:
    """Return an answer as a check receives it.

    Of a function, each result goes through `plain`, and each call has to leave torch's switches and
    the values of its arguments as they were: the cells after it depend on them. All that can be
    called is taken for a function, such as a `functools.partial`, but for classes and modules.
    """
    kind = type(answer)
    if not callable(answer) or issubclass(kind, type | nn.Module):
        return plain(answer)

    name = getattr(answer, "__name__", kind.__name__)

    @functools.wraps(answer)
    def plain_answer(*args: Any, **kwargs: Any) -> Any:
        given = ArgumentsKept(*args, *kwargs.values())
        with switches_restored():
            try:
                found = answer(*args, **kwargs)
            except TypeError as problem:
                if not panel.raised_by_learner(problem):  # it was raised by the call itself
                    expect_to_fit(answer, name, args, kwargs)
                panel.note_call(problem, call_of(name, args, kwargs))
                raise
            except Exception as problem:
                panel.note_call(problem, call_of(name, args, kwargs))
                raise
        given.expect_unchanged(name)
        return plain(found)

    return plain_answer


def call_of(name: str, args: tuple, kwargs: dict) -> str:
    """Return a call in short for a message, such as "replace_head(DenseNet, 10)"."""
    told = [in_short(value) for value in args]
    told += [f"{key}={in_short(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(told)})"


def in_short(value: Any) -> str:
    """Return an argument as a call shows it: numbers and text as they are, tensors by shape."""
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} tensor {tuple(value.shape)}"
    if isinstance(value, bool | int | float | str | type(None)):
        return shown(value)
    if isinstance(value, tuple | list) and len(value) <= 4:
        inside = ", ".join(map(in_short, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return getattr(value, "__name__", type(value).__name__)


def expect_to_fit(answer: Any, name: str, args: tuple, kwargs: dict) -> None:
    """Raise Misconception if a function cannot be called with these arguments."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions in C do not tell
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as unfit:
        count = len(args) + len(kwargs)
        raise Misconception(
            "other-parameters",
            f"the check calls `{name}` with {count} argument{'' if count == 1 else 's'}; yours is "
            f"`{name}{signature}`: {unfit}",
        ) from None


def expect_functions(check: inspect.Signature, given: tuple) -> None:
    """Raise Misconception if a check takes a function where it was given something else."""
    for parameter, value in zip(check.parameters.values(), given, strict=False):
        kind = get_origin(parameter.annotation) or parameter.annotation
        if kind is Callable and not callable(value):
            raise Misconception("no-function", f"expected a function; got {described(value)}")


def check(function: Callable[..., str]) -> Callable[..., None]:
    """Make a function a check: repeatable and quiet, with its result shown in a panel.

    `function` takes the learner's answer and options. It returns a sentence that says what was
    right, or raises Misconception. Each call starts from the same random state. What the learner's
    code prints is not shown, nor are its warnings. What it returns goes through `plain`.
    """

    signature = inspect.signature(function)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        cells.note_check(function.__name__, passed=False)  # until it has passed
        try:
            with (
                torch.random.fork_rng(devices=[]),
                warnings.catch_warnings(),
                switches_restored(),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                cells.expect_fresh(args)
                expect_functions(signature, args)
                warnings.simplefilter("ignore")
                torch.manual_seed(0)
                proved = function(*map(as_given, args), **kwargs)
        except Misconception as wrong:
            panel.not_yet(wrong.entry.title, wrong.observed, wrong.entry.read, wrong.code)
            raise
        except cells.StaleAnswer as problem:
            panel.show("failed", f"<b>✗ Not yet.</b> {panel.marked_up(str(problem))}")
            raise
        except Exception as problem:
            panel.stumbled(problem)
            raise
        cells.note_check(function.__name__, passed=True)
        panel.passed(proved, cells.cell_of(args))

    return run


cells.watch_cells()
