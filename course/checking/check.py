"""The check decorator: a check is repeatable, quiet, and ends in one line that says what was proved."""

import contextlib
import functools
import io
import sys
import types
import warnings

import torch

from course.checking import panel
from course.checking.misconception import Misconception, unlike, wrong_result


def expect(found, kind, asked):
    """Raise Misconception unless `found` is an instance of `kind` (a type or a union of types), which `asked` says in words."""
    if not issubclass(
        type(found), kind
    ):  # isinstance() would believe what the object says of its class
        raise unlike(found, f"asked is {asked}; you return {type(found).__name__}")


# by these an object of a class of one's own could pass for the right answer without being it
DECIDING = {
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


def plain(found):
    """Return `found`, a value that an answer gave, or raise Misconception where its class itself decides what it is equal to."""
    for value in [
        found,
        *(
            found[:100]
            if type(found) in (list, tuple)
            else found.values()
            if type(found) is dict
            else ()
        ),
    ]:
        for kind in type.mro(type(value)):
            if is_library(kind) and is_library(type(kind)):
                continue
            if (
                DECIDING & set(type.__dict__["__dict__"].__get__(kind))
                or type(kind) is not type
                or issubclass(kind, int | float | str | torch.Tensor)
            ):
                raise wrong_result(
                    f"asked is a plain value; you return one of a class {type(value).__name__}, "
                    "which decides itself what it is equal to"
                )
    return found


def is_library(kind):
    """Whether this very class is to be had by its name in an imported module."""
    module = sys.modules.get(kind.__module__) if kind.__module__ != "__main__" else None
    return getattr(module, kind.__qualname__, None) is kind


def as_given(answer):
    """An answer as a check is given it: if it is a function, what it returns is `plain`."""
    if not isinstance(answer, types.FunctionType):
        return plain(answer)
    return functools.wraps(answer)(lambda *args, **kwargs: plain(answer(*args, **kwargs)))


def check(function):
    """Make a function a check: repeatable, quiet, and ending in one line that says what was proved.

    Each call starts from the same random state. What the learner's code prints or warns is kept off the page, so that a
    warning costs nothing, and what it returns is looked at by `plain`. The function returns the sentence to show; it raises
    Misconception where it finds one.
    """

    @functools.wraps(function)
    def run(*args, **kwargs):
        try:
            with (
                torch.random.fork_rng(devices=[]),
                warnings.catch_warnings(),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                warnings.simplefilter("ignore")
                torch.manual_seed(0)
                proved = function(*map(as_given, args), **kwargs)
        except Misconception as wrong:
            panel.not_yet(wrong.entry.title, wrong.observed, wrong.entry.read)
            raise
        except Exception as problem:
            panel.stumbled(problem)
            raise
        panel.passed(proved)

    return run
