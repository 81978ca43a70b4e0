"""One entry of the catalogue of misconceptions, and the entries that belong to no single lesson.

Apart from misconception.py, so that the lessons can import it: misconception.py imports the
lessons.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """What a learner reads about a misconception.

    `read` is written as "02-freeze: Two speeds"; the panel makes a link of it.
    """

    title: str  # the correct statement that the answer goes against
    read: str  # the lesson and the heading that explain it


COMMON = {
    "nothing-returned": Entry(
        "The function gives nothing back: it needs a `return`",
        "00-start-here: An answer and its check",
    ),
    "wrong-result": Entry(
        "The result is not what the exercise asks for", "00-start-here: An answer and its check"
    ),
}
