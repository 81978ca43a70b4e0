"""A test of the tests: an answer bank is graded like a class, and gives the kill matrix.

The sheets of the bank (answer_bank.py), the reference and the untouched release are graded as
submissions, by the engine that grades students.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbformat import NotebookNode
from traitlets.config import Config

from nbjudge.answer_bank import (
    PASSED,
    Answer,
    Bank,
    HandedIn,
    Sheet,
    exercises,
    lay_out_class,
    make_files,
    make_sheets,
    read_bank,
    source_notebook,
)
from nbjudge.coordinator import Outcome, grade_course
from nbjudge.coursedir import report
from nbjudge.coursedir.hidden_tests import lines_of, split_hidden_tests
from nbjudge.coursedir.settings import gradebook_url, read_settings
from nbjudge.grading.running import Grading
from nbjudge.job import Result
from nbjudge.terminal import page_wide_console
from nbjudge.worker.preparing import Prepared, prepare
from nbjudge.worker.threads import Task

if TYPE_CHECKING:
    from rich.console import Console

KINDS = ("reference", "untouched", "wrong", "right")  # in the order of the kill matrix


class Row(NamedTuple):
    """A row of the kill matrix: what became of an answer."""

    answer: Answer
    found: str  # like Answer.expected, or why its sheet was not graded
    points: float
    possible: float
    ok: bool  # as it was expected


# ---- grading -------------------------------------------------------------------------------------


class OnceForReference(Grading):
    """A grading in which the reference's answers are judged on the sheet `reference` alone.

    On other sheets they only run, because later cells may need what they define.
    """

    def __init__(self, *args: Any, sheets: Mapping[tuple[str, str], Sheet]) -> None:
        super().__init__(*args)
        self.sheets = sheets  # {(assignment, name): sheet}

    def task(self, assignment: str, student: str) -> Task | None:
        task = super().task(assignment, student)
        if task is None or student == "reference":
            return task
        common, _ = self.assignments.get(assignment)
        prepared = task.submission
        if not isinstance(prepared, Prepared):
            prepared = prepare(common, prepared)
        sheet = self.sheets[assignment, student]
        filled = {f"check-{name}" for name, answer in sheet.items() if answer.kind == "reference"}
        return task._replace(submission=without_checks(prepared, filled))


def without_checks(prepared: Prepared, names: Collection[str]) -> Prepared:
    """Return a submission in which some checks do not run and count as passed.

    A check that later cells depend on runs all the same.
    """
    passed = Result(well=True, score=None, outputs=[], seconds=0, notes=[])._asdict()
    notebooks = {}
    for name, part in prepared.notebooks.items():
        dropped = {}
        for (_, step), key in zip(part.steps, part.keys, strict=True):
            if step.name in names and step.alone:
                dropped[step.name] = key
        notebooks[name] = part._replace(
            to_run=[step for step in part.to_run if step.name not in dropped],
            kept=part.kept | dict.fromkeys(dropped.values(), passed),
        )
    return replace(prepared, notebooks=notebooks)


# ---- the kill matrix -----------------------------------------------------------------------------


def grade_bank(
    assignments: list[str],
    bank: Path,
    root: Path,
    tell: Callable[[int, int], object] = lambda done, total: None,
    reference_once: bool = False,
) -> list[Row]:
    """Grade the bank's answers in a scratch course; `tell(done, total)` is called for each sheet.

    There is a row for every answer of the bank, of the reference and of the untouched release. If
    a sheet has a reference solution because the bank has no more answers to that exercise, there is
    a row for it only if it failed. With `reference_once` it is not judged again on such a sheet,
    which halves the time of a large bank, and no longer shows that an answer spoils another
    exercise.
    """
    root = Path(root).resolve()
    sources = {}
    submissions = []
    for assignment in assignments:
        source = source_notebook(root, assignment)
        sheets = make_sheets(assignment, source, read_bank(bank, assignment, source))
        for name, sheet in sheets.items():
            submissions.append(HandedIn(assignment, name, sheet))
        sources[assignment] = source
    with tempfile.TemporaryDirectory(prefix="nbjudge-answers-") as folder:
        scratch = Path(folder).resolve()
        files = scratch / "files"
        files.mkdir()
        make_files(bank, assignments, files)
        course = scratch / "course"
        course.mkdir()
        lay_out_class(root, course, sources, submissions, files)
        new_grading: Callable[..., Grading] = Grading
        if reference_once:
            handed_in = {(each.assignment, each.student): each.sheet for each in submissions}
            new_grading = partial(OnceForReference, sheets=handed_in)
        outcome = grade_course(
            read_settings(course),
            assignments,
            tell=lambda done, total, *_: tell(done, total),
            new_grading=new_grading,
        )
        gradebook = gradebook_url(course)
        tables = {name: report.marks(course, name, gradebook) for name in assignments}
    rows = []
    for submission in submissions:
        marks = tables[submission.assignment][submission.student]
        rows += rows_of(submission, marks, why_not_graded(submission, outcome))
    return sorted(rows, key=place_in_matrix)


def why_not_graded(submission: HandedIn, outcome: Outcome) -> str:
    """Return why a submission was not graded, "" if it was."""
    for finding in outcome.findings:
        whose = (finding.assignment, finding.student)
        if finding.blocks and whose == (submission.assignment, submission.student):
            return finding.says
    return ""


def rows_of(submission: HandedIn, marks: dict[str, report.Mark], refused: str) -> list[Row]:
    """Return the rows of one sheet."""
    rows = []
    for exercise, answer in submission.sheet.items():
        row = verdict_on(answer, marks.get(f"check-{exercise}"), refused)
        if answer.kind == "reference":
            fills_up = submission.student != "reference"
            if fills_up and row.ok:
                continue
            row = row._replace(answer=answer._replace(name=f"on {submission.student}"))
        rows.append(row)
    return rows


def place_in_matrix(row: Row) -> tuple[str, int, str, str]:
    """Return the key by which rows are sorted."""
    answer = row.answer
    return answer.assignment, KINDS.index(answer.kind), answer.exercise, answer.name


def verdict_on(answer: Answer, mark: report.Mark | None, refused: str) -> Row:
    """Return the row of an answer: it must get all points, or none for the reason expected.

    `refused`: why its sheet was not graded, "" if it was.
    """
    if mark is None:
        return Row(answer, refused or "not graded", 0, 0, False)
    found = mark.failure.reason if mark.failure else PASSED
    due = mark.possible if answer.expected == PASSED else 0
    ok = found == answer.expected and mark.points == due and mark.possible > 0
    return Row(answer, found, mark.points, mark.possible, ok)


def checks_that_kill_nothing(bank: Bank) -> list[str]:
    """Return the names of the checks for which the bank has no wrong answer."""
    return [f"check-{name}" for name, answers in bank["wrong"].items() if not answers]


def checks_that_repeat(source: NotebookNode, config: Config | None = None) -> list[str]:
    """Return the names of the checks whose hidden tests only repeat the visible ones.

    `config` holds the course's delimiters of hidden tests.
    """
    repeating = []
    for name, check in exercises(source).items():
        visible, hidden = split_hidden_tests(check.source, config)
        if hidden is not None and lines_of(hidden) <= lines_of(visible):
            repeating.append(f"check-{name}")
    return repeating


def prove(root: Path, assignments: list[str], bank: Path, reference_once: bool = False) -> bool:
    """Grade the bank with progress on stderr and print the kill matrix.

    `reference_once` as in `grade_bank`. Return whether every answer came out as expected and every
    check was tested. Raises AnswerBankError for a bank that is not laid out as it should be, and
    what `grade` raises.
    """
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Grading sheets", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        rows = grade_bank(assignments, bank, root, tell, reference_once)
    unproved, repeating = [], []
    config = read_settings(root).config
    for assignment in assignments:
        source = source_notebook(root, assignment)
        idle = checks_that_kill_nothing(read_bank(bank, assignment, source))
        unproved += [f"{assignment}/{name}" for name in idle]
        repeating += [f"{assignment}/{name}" for name in checks_that_repeat(source, config)]
    console = page_wide_console()
    print_kill_matrix(console, rows)
    print_summary(console, rows, unproved, repeating)
    return all(row.ok for row in rows) and not unproved and not repeating


def print_kill_matrix(console: "Console", rows: list[Row]) -> None:
    """Print one table for each assignment."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    for assignment in dict.fromkeys(row.answer.assignment for row in rows):
        table = Table(title=f"Kill matrix of {assignment}", title_justify="left", box=SIMPLE_HEAD)
        for name in ("exercise", "kind", "name", "expected", "found", "points", ""):
            table.add_column(name, justify="right" if name == "points" else "left", overflow="fold")
        for row in rows:
            answer = row.answer
            if answer.assignment == assignment:
                table.add_row(
                    answer.exercise,
                    answer.kind,
                    answer.name,
                    answer.expected,
                    row.found,
                    f"{row.points:g}/{row.possible:g}",
                    "ok" if row.ok else "NO",
                    style=None if row.ok else "bold red",
                )
        console.print(table)


def print_summary(
    console: "Console", rows: list[Row], unproved: list[str], repeating: list[str]
) -> None:
    """Print how many answers came out as expected, and which checks the bank does not test."""
    well = Counter(row.answer.kind for row in rows if row.ok)
    graded = Counter(row.answer.kind for row in rows)
    console.print(f"Wrong answers killed by their own code: {well['wrong']}/{graded['wrong']}")
    console.print(f"Unusual right answers passed: {well['right']}/{graded['right']}")
    console.print(f"Checks that kill nothing: {', '.join(unproved) or 'none'}")
    console.print(
        f"Hidden tests that only repeat the visible ones: {', '.join(repeating) or 'none'}"
    )
