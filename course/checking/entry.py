"""An entry of the catalogue of misconceptions, and the entries that belong to no single lesson."""

from typing import NamedTuple


class Entry(NamedTuple):
    title: str  # the thought behind it, corrected
    read: str  # lesson and heading that explain it


COMMON = {
    "nothing-returned": Entry(
        "The function gives nothing back: it needs a `return`",
        "00-start-here: An answer and its check",
    ),
    "wrong-result": Entry(
        "The result is not what the exercise asks for", "00-start-here: An answer and its check"
    ),
}
