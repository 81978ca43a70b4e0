"""The headings of a lesson: its title, its exercises and where they stand."""

import re
from typing import NamedTuple

from nbformat import NotebookNode

from course.authoring.site.places import slug

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
EXERCISE = re.compile(r"^### (Exercise.*)$", re.MULTILINE)
TOTALS = re.compile(r"\*About (\d+) minutes · (\d+) points?\*")
AIMS = re.compile(r"^- (.+?)[;.,]?$", re.MULTILINE)


class Exercise(NamedTuple):
    """An exercise of a lesson."""

    title: str  # such as "Exercise 3: ten fruits"

    @property
    def anchor(self) -> str:
        """What the address of its heading ends with."""
        return slug(self.title)


class Header(NamedTuple):
    """What the first cell of a lesson says."""

    title: str  # such as "01 Replace the head"
    minutes: str
    points: str
    aims: list[str]  # what we do in it


def header(notebook: NotebookNode) -> Header:
    """Read the first cell of a lesson."""
    text = notebook.cells[0].source
    return Header(TITLE.search(text)[1], *TOTALS.search(text).groups(), AIMS.findall(text))


def exercises(notebook: NotebookNode) -> dict[str, Exercise]:
    """{an answer cell's grade_id: its exercise}, in order."""
    found = {}
    title = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            title = (EXERCISE.findall(cell.source) or [title])[-1]
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            found[cell.id] = Exercise(title)
    return found
