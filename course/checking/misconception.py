"""What a check found: a misconception by its code, and the catalogue of all of them.

A code appears in three places: in the learner's failure message, in the answer bank
(`tests/answers`: every wrong answer names the code it must fail with) and in the instructor's
report.
"""

import textwrap
from collections.abc import Iterable
from typing import Any

from course.checking.entry import COMMON
from course.checking.look_up import address_of
from course.lessons.lesson00.misconceptions import MISCONCEPTIONS as LESSON_00
from course.lessons.lesson01.misconceptions import MISCONCEPTIONS as LESSON_01
from course.lessons.lesson02.misconceptions import MISCONCEPTIONS as LESSON_02
from course.lessons.lesson03.misconceptions import MISCONCEPTIONS as LESSON_03
from course.lessons.lesson04.misconceptions import MISCONCEPTIONS as LESSON_04
from course.lessons.lesson05.misconceptions import MISCONCEPTIONS as LESSON_05
from course.lessons.lesson06.misconceptions import MISCONCEPTIONS as LESSON_06
from course.lessons.lesson07.misconceptions import MISCONCEPTIONS as LESSON_07
from course.lessons.lesson08.misconceptions import MISCONCEPTIONS as LESSON_08
from course.lessons.lesson09.misconceptions import MISCONCEPTIONS as LESSON_09
from course.lessons.lesson10.misconceptions import MISCONCEPTIONS as LESSON_10

# Each lesson is imported by name and not found by a loop over the folders: the grader reads the
# imports to learn on which files a check depends. tests/course/checking/test_misconception.py finds
# a lesson that is missing here, and a code that two lessons define, which `|` would hide.
CATALOGUE = (
    COMMON
    | LESSON_00
    | LESSON_01
    | LESSON_02
    | LESSON_03
    | LESSON_04
    | LESSON_05
    | LESSON_06
    | LESSON_07
    | LESSON_08
    | LESSON_09
    | LESSON_10
)
MESSAGE_WIDTH = 84  # columns


class Misconception(AssertionError):
    """A check found a misunderstanding.

    str() of it has the title, what was observed, where to read (if the catalogue says that), and
    last the code in brackets. Its attributes are `code`, `observed` and `entry`, the Entry of the
    catalogue. It is an AssertionError, so nbgrader counts it as a failed test.

    Raises KeyError for a code that is not in the catalogue.
    """

    def __init__(self, code: str, observed: str) -> None:
        self.code = code
        self.observed = observed
        self.entry = CATALOGUE[code]
        lines = [_wrapped("", self.entry.title), _wrapped("Observed: ", observed)]
        if self.entry.read:
            lines.append(_wrapped("Read:     ", self.entry.read))
        super().__init__("\n".join([*lines, f"[{code}]"]))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a traceback: the message, and where the code is.

        nbgrader and nbjudge find the code in the last line.
        """
        *lines, code = f"Not yet. {self}".splitlines()
        if self.entry.read and (address := address_of(self.code)):
            lines.append(f"Look up:  {address}")
        return ["\n".join([*lines, code])]


def _wrapped(label: str, words: str) -> str:
    """Return `words` broken into lines that all start below the first word, after the label."""
    return textwrap.fill(
        words,
        MESSAGE_WIDTH,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
    )


def wrong_result(observed: str) -> Misconception:
    """Return the Misconception for a wrong result that no known misunderstanding explains.

    `observed` says what was expected and what was returned.
    """
    return Misconception("wrong-result", observed)


def unlike(found: object, observed: str) -> Misconception:
    """Return the Misconception for a result of the wrong kind, in the words `observed`.

    None has a code of its own, because a forgotten `return` is the usual reason for it.
    """
    return Misconception("nothing-returned" if found is None else "wrong-result", observed)


def expect_something(found: object, call: str) -> None:
    """Raise Misconception where an answer returned None.

    `call` names the call in the message, for example "head_inputs(resnet18)".
    """
    if found is None:
        raise Misconception("nothing-returned", f"{call} gave None")


def expect_pair(found: Any, observed: str) -> tuple:
    """Return the two things that `found` holds.

    Raises Misconception, in the words `observed`, where `found` does not unpack into two. A dict
    does not: it would give its keys.
    """
    if isinstance(found, dict | set | str):
        raise unlike(found, observed)
    try:
        first, second = found
    except (TypeError, ValueError):
        raise unlike(found, observed) from None
    return first, second


def first_and_more(names: Iterable[str], one: str = "", several: str = "") -> str:
    """Return some names for a message: the first, and how many more there are.

    `one` and `several` are the verb that follows, as in "is" and "are". In place of names there may
    be sentences, such as `comparisons.differences` returns.
    """
    first, *others = names
    if others and " " in first:
        return f"{first}, and {len(others)} more change{'s' * (len(others) > 1)}"
    if others:
        return f"{first} and {len(others)} more {several}".rstrip()
    return f"{first} {one}".rstrip()
