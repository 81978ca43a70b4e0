"""How long a lesson takes: counted from its words, the lines of given code, and its exercises.

A reader reads 140 words of a foreign language a minute (Brysbaert, 2019, "How many words do we read
per minute?", Journal of Memory and Language 109: 238 in the mother tongue; technical text and a
second language are slower), spends 6 seconds on a line of given code, and takes as long for an
exercise as its statement says. Hints do not count, because most learners skip them.
"""

import re
from typing import NamedTuple

from nbformat import NotebookNode

MINUTES = "{minutes}"  # in a lesson's header: what `count` says
WORDS_A_MINUTE = 140
LINES_A_MINUTE = 10
FENCED = re.compile(r"```.*?```", re.S)
MOST_MINUTES, MOST_WORDS, MOST_CELLS = 100, 2600, 60  # of a lesson, for one sitting
EXERCISE = re.compile(r"^\*(\d+) minutes? · ", re.M)


class Count(NamedTuple):
    """What a lesson asks of its reader."""

    words: int  # of prose
    lines: int  # of given code, without blank ones
    exercises: int  # minutes
    cells: int

    @property
    def minutes(self) -> float:
        """Minutes for everything."""
        return self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE + self.exercises

    @property
    def rounded(self) -> int:
        """Minutes, rounded to a multiple of five."""
        return 5 * round(self.minutes / 5)


def too_long(load: Count) -> str:
    """Say in a sentence that a lesson is too long, "" if it is not."""
    if load.minutes <= MOST_MINUTES and load.words <= MOST_WORDS and load.cells <= MOST_CELLS:
        return ""
    return (
        f"It is too long for one sitting: {load.minutes:.0f} minutes, {load.words:,} words and "
        f"{load.cells} cells, at most {MOST_MINUTES}, {MOST_WORDS:,} and {MOST_CELLS}. Shorten it."
    )


def count(notebook: NotebookNode) -> Count:
    """Return the Count of a lesson's source notebook, without its hints."""
    prose = []
    lines = 0
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown":
            without_hints = cell.source.split("<details>")[0]
            prose.append(FENCED.sub("", without_hints))
        elif not nbgrader.get("solution") and not nbgrader.get("grade"):
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
    text = "\n".join(prose)
    words = sum(bool(re.search(r"\w", word)) for word in text.split())
    exercises = sum(map(int, EXERCISE.findall(text)))
    return Count(words, lines, exercises, len(notebook.cells))
