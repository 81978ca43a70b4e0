"""One entry of the catalogue of misconceptions, and the entries that belong to no single lesson.

This is not in misconception.py, because that module imports the lessons, and the lessons import
this one.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """What a learner reads about a misconception.

    `read` is written as "02-freeze: Two learning rates"; the panel makes a link of it.
    """

    title: str  # the correct statement that the answer goes against
    read: str  # the lesson and the heading that explain it; "" where there is nothing to explain


COMMON = {
    "nothing-returned": Entry(
        "The function returns None: add a `return`",
        "00-start-here: An answer and its check",
    ),
    "no-function": Entry(
        "The answer is a function: define it with `def`, and give its name to nothing else",
        "00-start-here: An answer and its check",
    ),
    "other-parameters": Entry(
        "The function takes the arguments that the statement names, in this order",
        "00-start-here: An answer and its check",
    ),
    "input-changed": Entry(
        "Work on a copy: the caller still needs the values that it passed to your function",
        "00-start-here: An answer and its check",
    ),
    "switch-left-changed": Entry(
        "Use a `with` block, such as `with torch.no_grad():`. It restores the switch at its end; "
        "otherwise the cells after yours run with another setting",
        "00-start-here: An answer and its check",
    ),
    "wrong-result": Entry("The result is not what the exercise asks for", ""),
}
