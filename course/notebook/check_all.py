"""All checks of a lesson at once, on the learner's own notebook as it was saved last.

The grading engine does the work, in a course of its own in work/.checks: what has not changed since
the last time is not run again, experiments are not run at all, and nothing of the learner's is
changed. Its results are kept, for `course progress`. The engine keeps the processes that cells are
forked from until this process ends, so the next check starts at once.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from course.checking.look_up import PAGE
from course.checking.misconception import CATALOGUE
from course.notebook.progress import is_check, result_of, results_path
from course.paths import RELEASE, ROOT, SITE, SOURCE, WORK
from nbjudge.coordinator import Options, grade, make_ready
from nbjudge.coursedir import report
from nbjudge.coursedir.assignments import imports_of
from nbjudge.coursedir.failures import MISCONCEPTION, UNANSWERED, Failure, words_of
from nbjudge.coursedir.settings import gradebook_url, write_nested_settings
from nbjudge.errors import NbjudgeError
from nbjudge.files import replace_text

ME = "me"  # the only student of that course
EXPERIMENT = "experiment"  # the tag of cells that do not run: c.Execute.skip_cells_with_tag
OPTIONS = Options(
    confined=False,
    stay_ready=True,
    processes=min(4, os.cpu_count() or 1),  # each holds a network or two
)
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
    own_copy = copy_of(lesson, work)
    course = course_in(work, hidden)
    lay_out(course, lesson, hidden)
    hand_in(course, lesson, own_copy)
    outcome = grade(course, [lesson], options=OPTIONS)
    problems = [finding.says for finding in outcome.findings if finding.blocks]
    if problems:
        raise NbjudgeError("\n".join(problems))
    marks = report.marks(course, lesson, gradebook_url(course))[ME]
    notebook = released(lesson)
    rows = []
    for name, title in titles(notebook).items():
        mark = marks[f"check-{name}"]
        state, why = PASSED, ""
        if mark.failure:
            unanswered = mark.failure.reason == UNANSWERED
            state = NOT_ANSWERED if unanswered else NOT_YET
            why = "" if unanswered else why_not(mark.failure)
        rows.append(Row(name, title, mark.points, mark.possible, state, why))
    keep(work, lesson, own_copy, rows)
    return rows


def why_not(failure: Failure) -> str:
    """Why a check failed, in words for the learner: of a misconception its title and its code."""
    words = words_of(failure).replace("the student's code", "your code")
    return words if failure.source else f"{words} [{failure.reason}]"


def get_ready(lesson: str, work: Path) -> None:
    """Start what the next check of a lesson is forked from, as far as it does not run yet.

    Raises NbjudgeError as `check_all` does.
    """
    copy_of(lesson, work)
    course = course_in(work)
    lay_out(course, lesson)
    lessons = {path.stem: released(path.stem) for path in RELEASE.glob("*/*.ipynb")}
    make_ready(course, lesson, imports_of(lessons), OPTIONS)


def copy_of(lesson: str, work: Path) -> Path:
    """The learner's copy of a lesson. Raises NbjudgeError where there is none."""
    own_copy = work / lesson / f"{lesson}.ipynb"
    if not own_copy.exists():
        raise NbjudgeError(f"{own_copy} is not there: run `.venv/bin/course lab {lesson[:2]}` once")
    return own_copy


def released(lesson: str) -> NotebookNode:
    """The notebook of a lesson as it was given out."""
    return nbformat.read(RELEASE / lesson / f"{lesson}.ipynb", as_version=4)


def course_in(work: Path, hidden: bool = False) -> Path:
    """The folder of the course in which the learner's copies are checked."""
    return work / ".checks" / ("hidden" if hidden else "visible")


def lay_out(course: Path, lesson: str, hidden: bool = False) -> None:
    """Put a lesson into the course, as it was given out, or with its hidden tests."""
    source = (SOURCE if hidden else RELEASE) / lesson / f"{lesson}.ipynb"
    text = without_end(source.read_text(encoding="utf-8"))
    target = course / "source" / lesson / source.name
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        replace_text(target, text)  # only then: what is newer counts as changed
    write_nested_settings(ROOT, course)


def without_end(text: str) -> str:
    """Return the text of a notebook in which no cell after the last check runs."""
    notebook = json.loads(text)
    for cell in reversed(notebook["cells"]):
        if is_check(cell):
            break
        tags = cell["metadata"].get("tags", [])
        cell["metadata"]["tags"] = sorted({*tags, EXPERIMENT})
    return json.dumps(notebook, indent=1)


def hand_in(course: Path, lesson: str, own_copy: Path) -> None:
    """Put the learner's copy, and what lies beside it, in the place of their submission."""
    submitted = course / "submitted" / ME / lesson
    shutil.rmtree(submitted, ignore_errors=True)
    shutil.copytree(own_copy.parent, submitted, ignore=shutil.ignore_patterns(".*", "*.part"))


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
    """Keep which answers passed."""
    cells = json.loads(own_copy.read_text(encoding="utf-8"))["cells"]
    result = result_of(cells, [row.name for row in rows if row.state == PASSED])
    path = results_path(work)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    replace_text(path, json.dumps(kept | {lesson: result}, indent=1))


def as_text(rows: list[Row]) -> str:
    """The rows as a table of plain text, with the sum in its last line.

    A line before it says where the codes of misconceptions can be looked up, if there is one.
    """
    width = max(len(row.title) for row in rows)
    lines = []
    for row in rows:
        points = f"{row.points:2g} of {row.possible:2g}"
        lines.append(f"{row.title:{width}}  {points}  {row.state}")
        if row.why:
            lines.append(f"    {row.why}")
    codes = [found[1] for row in rows if (found := MISCONCEPTION.search(row.why))]
    if CATALOGUE.keys() & codes:
        site = f", or {SITE}" if SITE else ""
        lines.append(f"Look the codes in brackets up in {WORK.name}/{PAGE}{site}.")
    return "\n".join([*lines, total(rows)])


def total(rows: list[Row]) -> str:
    """The points of all rows together, as words."""
    got = sum(row.points for row in rows)
    return f"{got:g} of {sum(row.possible for row in rows):g} points"
