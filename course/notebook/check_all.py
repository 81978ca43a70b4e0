"""All checks of a lesson at once, on the learner's own notebook as it was saved last.

The grading engine does the work, in a course of its own in work/.checks: what has not changed since
the last time is not run again, experiments are not run at all, and nothing of the learner's is
changed. Its results are kept, for `course progress`.
"""

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from course.notebook.progress import digest_of, exercises_of, is_check, results_path
from course.paths import RELEASE, ROOT, SOURCE
from nbjudge.coordinator import Options, grade
from nbjudge.coursedir import report
from nbjudge.coursedir.failures import UNANSWERED, words_of
from nbjudge.coursedir.settings import gradebook_url, write_nested_settings
from nbjudge.errors import NbjudgeError
from nbjudge.files import replace_text

ME = "me"  # the only student of that course
PASSED, NOT_YET, NOT_ANSWERED = "passed", "not yet", "not answered"


class Row(NamedTuple):
    """How one exercise stands."""

    name: str  # its answer cell's id
    title: str  # its heading
    points: float
    possible: float
    state: str  # PASSED, NOT_YET or NOT_ANSWERED
    why: str  # what the check says, "" where it passed


def check_all(lesson: str, work: Path, hidden: bool = False) -> list[Row]:
    """Return a Row for each exercise of a lesson.

    work: the folder with the learner's copies. hidden: the hidden tests run as well.
    Raises NbjudgeError where there is no copy, or it cannot be read.
    """
    own_copy = work / lesson / f"{lesson}.ipynb"
    if not own_copy.exists():
        raise NbjudgeError(f"{own_copy} is not there: run `.venv/bin/course lab {lesson[:2]}` once")
    course = work / ".checks" / ("hidden" if hidden else "visible")
    lay_out(course, lesson, own_copy, hidden)
    outcome = grade(course, [lesson], options=Options(workers=1, confined=False))
    problems = [finding.says for finding in outcome.findings if finding.blocks]
    if problems:
        raise NbjudgeError("\n".join(problems))
    marks = report.marks(course, lesson, gradebook_url(course))[ME]
    notebook = nbformat.read(RELEASE / lesson / f"{lesson}.ipynb", as_version=4)
    rows = []
    for name, title in titles(notebook).items():
        mark = marks[f"check-{name}"]
        state, why = PASSED, ""
        if mark.failure:
            unanswered = mark.failure.reason == UNANSWERED
            state = NOT_ANSWERED if unanswered else NOT_YET
            why = "" if unanswered else words_of(mark.failure)
        rows.append(Row(name, title, mark.points, mark.possible, state, why))
    keep(work, lesson, own_copy, rows)
    return rows


def lay_out(course: Path, lesson: str, own_copy: Path, hidden: bool) -> None:
    """Make the course: the lesson as it was given out, or with its hidden tests, and the copy."""
    source = (SOURCE if hidden else RELEASE) / lesson / f"{lesson}.ipynb"
    copy_if_new(source, course / "source" / lesson / source.name)
    submitted = course / "submitted" / ME / lesson
    shutil.rmtree(submitted, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "*.part")
    shutil.copytree(own_copy.parent, submitted, ignore=ignored)
    write_nested_settings(ROOT, course)


def copy_if_new(source: Path, target: Path) -> None:
    """Copy a text file unless the same is there: what is newer counts as changed."""
    text = source.read_text(encoding="utf-8")
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        replace_text(target, text)


def titles(notebook: NotebookNode) -> dict[str, str]:
    """Return {exercise: the heading above its answer cell}."""
    found = {}
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ (.+)$", cell.source, re.M)
            heading = headings[-1].replace("`", "") if headings else heading
        elif is_check(cell):
            found[cell.id.removeprefix("check-")] = heading
    return found


def keep(work: Path, lesson: str, own_copy: Path, rows: list[Row]) -> None:
    """Keep which answers passed, by the digest of their text."""
    cells = json.loads(own_copy.read_text(encoding="utf-8"))["cells"]
    digests = {name: digest_of(cell) for name, cell in exercises_of(cells).items()}
    passed = {row.name: digests.get(row.name, "") for row in rows if row.state == PASSED}
    path = results_path(work)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    replace_text(path, json.dumps(kept | {lesson: passed}, indent=1))


def as_text(rows: list[Row]) -> str:
    """The rows as a table of plain text, with the sum in its last line."""
    width = max(len(row.title) for row in rows)
    lines = []
    for row in rows:
        points = f"{row.points:2g} of {row.possible:2g}"
        lines.append(f"{row.title:{width}}  {points}  {row.state}")
        if row.why:
            lines.append(f"    {row.why}")
    got, possible = (sum(values) for values in zip(*((r.points, r.possible) for r in rows)))
    return "\n".join([*lines, f"{got:g} of {possible:g} points"])
