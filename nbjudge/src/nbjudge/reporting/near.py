"""Marks near a threshold: sums near the pass mark, and numbers near what a check requires.

The second kind is read from the sentence of a check, such as "66.5% of the images are right;
expected at least 70 %": a check that says what it requires and what it got needs nothing else.
"""

import re
from typing import NamedTuple

POINTS = 3.0  # percentage points between a share and the required one that count as near
RELATIVE = 0.05  # of a required number that is no percentage

REQUIRED = r"(?:at least|at most|required|more than|less than|minimum|maximum)"
NUMBER = r"[-+]?\d+(?:\.\d+)?"
IN_BRACKETS = re.compile(rf"\({REQUIRED}:? ({NUMBER}) ?%\)")
PERCENT = re.compile(rf"({NUMBER}) ?%")
SHARE = re.compile(r"(\d+) of (?:\w+ )?(\d+)")
PLAIN = re.compile(rf"(?<![\w.])({NUMBER})(?![\w%]|\.\d| ?%)")


class Distance(NamedTuple):
    """What was reached and what was required, in the same unit."""

    reached: float
    required: float
    tolerance: float  # the largest distance that counts as near


def distances_in(sentence: str) -> list[Distance]:
    """Return what a check's sentence says was reached and required, in percent or as a number.

    A sentence that says no requirement, or nothing that was reached, gives [].
    """
    if found := in_brackets(sentence):
        return found
    clauses = re.split(r";|,? got ", sentence)
    required = [clause for clause in clauses if re.search(REQUIRED, clause)]
    reached = "; ".join(clause for clause in clauses if clause not in required)
    wanted = numbers_of(PERCENT, "; ".join(required))
    if wanted:
        values = percentages_of(reached)
        return [Distance(*pair, POINTS) for pair in zip(values, wanted, strict=False)]
    wanted, values = numbers_of(PLAIN, "; ".join(required)), numbers_of(PLAIN, reached)
    pairs = zip(values, wanted, strict=False)
    return [Distance(value, limit, abs(limit) * RELATIVE) for value, limit in pairs]


def in_brackets(sentence: str) -> list[Distance]:
    """Return the distances of "130 of 200 (required: 70 %), ..."."""
    found = []
    start = 0
    for match in IN_BRACKETS.finditer(sentence):
        values = percentages_of(sentence[start : match.start()])
        start = match.end()
        if values:
            found.append(Distance(values[-1], float(match[1]), POINTS))
    return found


def percentages_of(text: str) -> list[float]:
    """Return the percentages that a text says; where it says none, its shares such as "3 of 4"."""
    shares = [100 * int(part) / int(whole) for part, whole in SHARE.findall(text) if int(whole)]
    return numbers_of(PERCENT, text) or shares


def numbers_of(pattern: re.Pattern, text: str) -> list[float]:
    """Return the numbers that a pattern finds in a text."""
    return [float(number) for number in pattern.findall(text)]


def is_near_threshold(sentence: str) -> bool:
    """Return whether a check's sentence tells of a number near the one that it requires."""
    for reached, required, tolerance in distances_in(sentence):
        if abs(reached - required) <= tolerance:
            return True
    return False
