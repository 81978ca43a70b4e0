"""The code of a lesson with the reference answers, for tests that run it on another network, and
what its cells printed.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pytest

from course.authoring.build import solution_path, source_notebook
from course.notebook import plots


class Cell(NamedTuple):
    """A cell of code."""

    answer: str  # the exercise whose reference answer it holds, "" for a given cell
    source: str


def given_cells(
    lesson: str, shorter: Mapping[str, str] | None = None, without: Iterable[str] = ()
) -> list[Cell]:
    """Return the lesson's cells of code, without checks and quizzes.

    shorter: {text: what stands in its place}, for cells that train long. without: texts; cells that
    hold one of them are left out.
    """
    cells = []
    for cell in source_notebook(lesson).cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or nbgrader.get("grade"):
            continue
        if any(text in cell.source for text in ("quiz", *without)):
            continue
        source = cell.source
        for text, replacement in (shorter or {}).items():
            source = source.replace(text, replacement)
        cells.append(Cell(cell.id if nbgrader.get("solution") else "", source))
    return cells


def printed(lesson: str) -> str:
    """Return what all cells of the lesson's solution printed when it was built."""
    cells = json.loads(solution_path(lesson).read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def draw_nothing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the functions of `plots` with these names do nothing."""
    for name in names:
        monkeypatch.setattr(plots, name, lambda *args, **kwargs: None)
