"""Which marks given by hand stay when a submission is graded again: those of unchanged answers.

Stock nbgrader leaves a submission alone unless it was handed in again, and then has every mark by
hand looked at again. nbjudge grades all each time, so it keeps what each mark was given for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from nbjudge.coursedir.rebuild import is_students
from nbjudge.coursedir.results import KEPT
from nbjudge.files import replace_text
from nbjudge.planning.fingerprints import digest

Answers: TypeAlias = Mapping[str, Mapping[str, str]]  # {notebook: {grade_id: digest}}


def answers_of(notebook: NotebookNode) -> dict[str, str]:
    """Return {grade_id: digest of what a person looks at who gives the cell's points}.

    That is the text of a written answer, and of any other cell all that the student wrote in the
    notebook: a test or a task judges other cells, and a program runs after others.
    """
    students = [content_of(cell) for cell in notebook.cells if is_students(cell)]
    found = {}
    for cell in notebook.cells:
        if not is_grade(cell) and not is_task(cell):
            continue
        written = is_solution(cell) and cell.cell_type != "code"
        looked_at = content_of(cell) if written else students
        found[cell.metadata.nbgrader.grade_id] = digest(looked_at)
    return found


def content_of(cell: NotebookNode) -> list[object]:
    """Return what a student put into a cell."""
    return [cell.cell_type, cell.source, cell.get("attachments", {})]


def with_files(answers: Answers, files: Mapping[str, str]) -> Answers:
    """Return the answers together with the files beside them, {name: digest}, as they belong."""
    found: dict[str, dict[str, str]] = {}
    beside = digest(sorted(files.items()))
    for notebook, cells in answers.items():
        found[notebook] = {name: digest(answer, beside) for name, answer in cells.items()}
    return found


def place_of(root: Path, assignment: str, student: str) -> Path:
    """Return where the answers of a submission are kept that the gradebook's marks are for."""
    return root / KEPT / "answers" / student / f"{assignment}.json"


def unchanged(root: Path, assignment: str, student: str, answers: Answers) -> dict[str, set[str]]:
    """Return {notebook: grade_ids of the answers that are as they were when last recorded}."""
    before = kept(root, assignment, student)
    found = {}
    for notebook, cells in answers.items():
        earlier = before.get(notebook)
        if isinstance(earlier, dict):
            found[notebook] = {name for name in cells if cells[name] == earlier.get(name)}
    return found


def kept(root: Path, assignment: str, student: str) -> dict[str, Any]:
    """Return the answers that were kept, {} where there are none or they are damaged."""
    try:
        found = json.loads(place_of(root, assignment, student).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(root: Path, assignment: str, student: str, answers: Answers) -> None:
    """Keep the answers, after the gradebook has their marks; those of other notebooks stay.

    Where a crash prevents that, the marks given by hand are looked at once more.
    """
    together = kept(root, assignment, student) | dict(answers)
    replace_text(place_of(root, assignment, student), json.dumps(together), private=True)
