"""All checks of a lesson at once, on the learner's own notebook as it was saved last.

The grading engine does the work, in a course of its own in work/.checks: what has not changed since
the last time is not run again, experiments are not run at all, and nothing of the learner's is
changed. Its results are kept, for `course progress`. The engine keeps the processes that cells are
forked from until this process ends, so the next check starts at once.

An answer may train for long. `first_rows` does not wait for it, and `check_the_rest` does.
"""

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from course.checking.look_up import PAGE
from course.checking.misconception import CATALOGUE
from course.notebook.progress import is_check, result_of, results_path
from course.paths import RELEASE, ROOT, SITE, SOURCE, WORK
from nbjudge.coordinator import Outcome, grade, make_ready
from nbjudge.coursedir import report
from nbjudge.coursedir.assignments import imports_of
from nbjudge.coursedir.failures import MISCONCEPTION, UNANSWERED, Failure, words_of
from nbjudge.coursedir.results import read_record
from nbjudge.coursedir.settings import gradebook_url, write_nested_settings
from nbjudge.errors import AlreadyGrading, NbjudgeError
from nbjudge.files import replace_text
from nbjudge.grading.options import Options

ME = "me"  # the student of that course
NOBODY = "nobody"  # has answered nothing, and makes processes start
JUDGE_OUTSIDE = "judge-outside"  # the tag of checks of files
EXPERIMENT = "experiment"  # the tag of cells that do not run: c.Execute.skip_cells_with_tag
OPTIONS = Options(
    confined=False,
    stay_ready=True,
    processes=min(4, os.cpu_count() or 1),  # each holds a network or two
)
WRONG_RESULT = "wrong-result"  # the code of what no misconception explains
FIRST = 1.0  # seconds a cell, so that the first rows come within three
PATIENCE = 120  # seconds for another check of the same copies to end; a cell may take as long
PASSED, NOT_YET, NOT_ANSWERED, RUNNING = "passed", "not yet", "not answered", "running"


class Row(NamedTuple):
    """How one exercise stands."""

    name: str  # its answer cell's id
    title: str  # its heading
    points: float
    possible: float
    state: str  # PASSED, NOT_YET, NOT_ANSWERED or RUNNING
    why: str  # what the check says, "" where it passed


def check_all(lesson: str, work: Path, hidden: bool = False) -> list[Row]:
    """Return a Row for each exercise of a lesson.

    work: the folder with the learner's copies. hidden: the hidden tests run as well.
    Raises NbjudgeError where there is no copy, or it cannot be read.
    """
    take(lesson, work, hidden)
    return check_the_rest(lesson, work, hidden)


def first_rows(lesson: str, work: Path) -> list[Row]:
    """Do what `check_all` does, but stop each cell that takes long.

    The exercises that need such a cell are RUNNING; there may be no rows at all. If so,
    `check_the_rest` says how all of them stand.
    """
    take(lesson, work)
    course = course_in(work)
    has_files = len(list(submitted_in(course, lesson).iterdir())) > 1
    if has_files and not makes_files(lesson):  # then nothing is ready: see `get_ready`
        return check_the_rest(lesson, work)
    try:
        rows = judged(course, lesson, OPTIONS._replace(timeout=FIRST))
    except NbjudgeError:  # perhaps because the time was too short
        return []
    slow = slow_checks(course, lesson)
    if not slow:
        keep(work, lesson, rows)
    return [
        row._replace(points=0, state=RUNNING, why="") if row.name in slow else row for row in rows
    ]


def check_the_rest(lesson: str, work: Path, hidden: bool = False) -> list[Row]:
    """Return a Row for each exercise of the copy that was taken last."""
    rows = judged(course_in(work, hidden), lesson, OPTIONS)
    keep(work, lesson, rows, hidden)
    return rows


def take(lesson: str, work: Path, hidden: bool = False) -> None:
    """Take a copy of the learner's copy, to be checked."""
    own_copy = copy_of(lesson, work)
    course = course_in(work, hidden)
    lay_out(course, lesson, hidden)
    hand_in(course, lesson, own_copy)


def grade_when_free(course: Path, lesson: str, student: str, options: Options) -> Outcome:
    """Grade one submission as soon as no other process checks in the same folder.

    JupyterLab checks there while it gets ready for a lesson that was opened, and for "Check all".
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return grade(course, [lesson], [student], options)
        except AlreadyGrading:
            if time.monotonic() > end:
                raise NbjudgeError(
                    "Another check of your lessons has not ended, in JupyterLab or in a terminal: "
                    "wait for it, then try again."
                ) from None
        time.sleep(0.2)


def judged(course: Path, lesson: str, options: Options) -> list[Row]:
    """Grade the copy that was handed in, and return its Rows."""
    outcome = grade_when_free(course, lesson, ME, options)
    problems = [finding.says for finding in outcome.findings if finding.blocks]
    if problems:
        raise NbjudgeError("\n".join(problems))
    marks = report.marks(course, lesson, gradebook_url(course))[ME]
    rows = []
    for name, title in titles(released(lesson)).items():
        mark = marks[f"check-{name}"]
        state, why = PASSED, ""
        if mark.failure:
            unanswered = mark.failure.reason == UNANSWERED
            state = NOT_ANSWERED if unanswered else NOT_YET
            why = "" if unanswered else why_not(mark.failure, mark.said)
        rows.append(Row(name, title, mark.points, mark.possible, state, why))
    return rows


def slow_checks(course: Path, lesson: str) -> set[str]:
    """The exercises whose check was stopped, or comes after another cell that was."""
    record = json.loads(read_record(course, lesson, ME) or "{}")
    found = set()
    after_stop = False
    for cell in record.get("notebooks", {}).get(lesson, {}).get("cells", []):
        if cell["kind"] != "check":
            after_stop = after_stop or bool(cell["end"])
        elif after_stop or cell["end"]:
            found.add(cell["name"].removeprefix("check-"))
    return found


def why_not(failure: Failure, said: str) -> str:
    """Why a check failed, as a sentence: of a misconception its title and its code.

    said: what the check says below its title. It takes the place of the title of WRONG_RESULT.
    """
    words = words_of(failure).replace("the student's code", "your code")
    if failure.reason == WRONG_RESULT:
        words = said.removeprefix("Observed: ") or words
    return words[0].upper() + words[1:] if failure.source else f"{words} [{failure.reason}]"


def get_ready(lesson: str, work: Path) -> None:
    """Start what the next check of a lesson is forked from, as far as it does not run yet.

    Raises NbjudgeError as `check_all` does.
    """
    copy_of(lesson, work)
    course = course_in(work)
    lay_out(course, lesson)
    lessons = {path.stem: released(path.stem) for path in RELEASE.glob("*/*.ipynb")}
    make_ready(course, lesson, imports_of(lessons), OPTIONS)
    if makes_files(lesson):
        # With a file beside it a notebook is forked from another process: this starts it.
        hand_in(course, lesson, RELEASE / lesson / f"{lesson}.ipynb", NOBODY)
        (submitted_in(course, lesson, NOBODY) / "a file").touch()
        grade_when_free(course, lesson, NOBODY, OPTIONS)


def makes_files(lesson: str) -> bool:
    """Whether learners hand in a file beside the notebook of a lesson."""
    tags = [tag for cell in released(lesson).cells for tag in cell.metadata.get("tags", [])]
    return JUDGE_OUTSIDE in tags


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


def hand_in(course: Path, lesson: str, own_copy: Path, student: str = ME) -> None:
    """Put a copy of the lesson, and what lies beside it, in the place of a submission."""
    submitted = submitted_in(course, lesson, student)
    shutil.rmtree(submitted, ignore_errors=True)
    shutil.copytree(own_copy.parent, submitted, ignore=shutil.ignore_patterns(".*", "*.part"))


def submitted_in(course: Path, lesson: str, student: str = ME) -> Path:
    """The folder of the copy that was handed in."""
    return course / "submitted" / student / lesson


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


def keep(work: Path, lesson: str, rows: list[Row], hidden: bool = False) -> None:
    """Keep which answers of the copy that was taken have passed."""
    taken = submitted_in(course_in(work, hidden), lesson) / f"{lesson}.ipynb"
    cells = json.loads(taken.read_text(encoding="utf-8"))["cells"]
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
    so_far = " so far" if is_running(rows) else ""
    return f"{got:g} of {sum(row.possible for row in rows):g} points{so_far}"


def is_running(rows: list[Row]) -> bool:
    """Whether these are first rows, and `check_the_rest` has more to say."""
    return not rows or any(row.state == RUNNING for row in rows)
