"""What a check found: a misconception by its code, and the catalogue of all of them.

A code stands in three places: in the learner's failure message, in the answer bank (`tests/answers`: every wrong answer
names the code it must fail with) and in the instructor's report.
"""

import textwrap

from course.checking.entry import COMMON
from course.lessons.lesson00.misconceptions import MISCONCEPTIONS as LESSON_00
from course.lessons.lesson01.misconceptions import MISCONCEPTIONS as LESSON_01
from course.lessons.lesson02.misconceptions import MISCONCEPTIONS as LESSON_02
from course.lessons.lesson03.misconceptions import MISCONCEPTIONS as LESSON_03
from course.lessons.lesson04.misconceptions import MISCONCEPTIONS as LESSON_04
from course.lessons.lesson05.misconceptions import MISCONCEPTIONS as LESSON_05
from course.lessons.lesson06.misconceptions import MISCONCEPTIONS as LESSON_06
from course.lessons.lesson07.misconceptions import MISCONCEPTIONS as LESSON_07

# written out and not looked up, so that the grader sees from the code what a check depends on
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
)


class Misconception(AssertionError):
    """A check found a misunderstanding. str() holds title, what was observed, where to read, and last the code in brackets.

    Raises KeyError for a code that the catalogue does not hold.
    """

    def __init__(self, code, observed):
        self.code, self.observed, self.entry = code, observed, CATALOGUE[code]
        text = "\n".join(
            textwrap.fill(
                words,
                84,
                initial_indent=label,
                subsequent_indent=" " * len(label),
                break_long_words=False,
            )
            for label, words in (
                ("", self.entry.title),
                ("Observed: ", observed),
                ("Read:     ", self.entry.read),
            )
        )
        super().__init__(f"{text}\n[{code}]")

    def _render_traceback_(self):
        """IPython's hook: show the message, not the inside of the check."""
        return [f"Not yet. {self}"]


def unlike(found, observed):
    """The Misconception of a result of another kind than was asked, in words `observed`; None has a code of its own."""
    return Misconception("nothing-returned" if found is None else "wrong-result", observed)


def wrong_result(observed):
    """The Misconception that has no thought of its own: `observed` says what was expected and what was returned."""
    return Misconception("wrong-result", observed)


def expect_something(found, call):
    """Raise Misconception where `call` returned None; `call` is the call in words, such as "head_inputs(resnet18)"."""
    if found is None:
        raise Misconception("nothing-returned", f"{call} gave None")
