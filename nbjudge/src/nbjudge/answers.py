"""A test of the tests: an answer bank is graded like a class, and gives the kill matrix.

The bank holds, per exercise, wrong answers and unusual right ones. A wrong answer names the code of
the misconception that it must fail with:

    BANK/ASSIGNMENT/wrong/EXERCISE/NAME.py    first line: # misconception: CODE
    BANK/ASSIGNMENT/right/EXERCISE/NAME.py
    BANK/ASSIGNMENT/files.py                  makes the files that the reference hands in

Answers are packed into sheets, one notebook each: sheet k takes the k-th answer of every exercise,
and the reference solution where an exercise has fewer. The sheets, the reference and the untouched
release are then graded as submissions, by the engine that grades students.

Where an assignment asks for files beside the notebook, files.py makes those of the reference. It
runs once and each sheet gets a copy. An answer may change its copy: what stands below the line
`### MAKE FILES` runs there, in a process of its own.
"""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from nbjudge.bank_scripts import Script, run_scripts
from nbjudge.coordinator import Outcome, grade_course
from nbjudge.coursedir import report
from nbjudge.coursedir.hidden_tests import lines_of, split_hidden_tests
from nbjudge.coursedir.own_seeds import keep_secret
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import gradebook_url, read_settings, write_nested_settings
from nbjudge.errors import AnswerBankError
from nbjudge.grading.running import Grading
from nbjudge.job import Result
from nbjudge.terminal import page_wide_console
from nbjudge.worker.submission import Prepared, prepare
from nbjudge.worker.threads import Task

if TYPE_CHECKING:
    from rich.console import Console

MAKE_FILES = "\n### MAKE FILES\n"
EXPECTED = re.compile(r"# misconception: ([a-z0-9-]+)\s*$", re.MULTILINE)
PASSED = "passed"
KINDS = ("reference", "untouched", "wrong", "right")  # in the order of the kill matrix


class Answer(NamedTuple):
    """One answer to one exercise."""

    assignment: str
    exercise: str  # the answer cell's grade_id
    kind: str  # one of KINDS
    name: str
    expected: str  # a misconception's code, PASSED or report.UNANSWERED
    text: str | None  # None leaves the cell as it is released
    script: str = ""  # makes or changes the files beside the notebook


class Row(NamedTuple):
    """A row of the kill matrix: what became of an answer."""

    answer: Answer
    found: str  # like Answer.expected, or why its sheet was not graded
    points: float
    possible: float
    ok: bool  # as it was expected


Bank = dict[str, dict[str, list[Answer]]]  # {"wrong" or "right": {exercise: its answers}}
Sheet = dict[str, Answer]  # {exercise: Answer}, every exercise of the assignment


class HandedIn(NamedTuple):
    """A sheet as it is handed in."""

    assignment: str
    student: str
    sheet: Sheet


# ---- the bank ------------------------------------------------------------------------------------


def assignments_of(bank: Path) -> list[str]:
    """Return the assignments that the bank has answers to. Raises AnswerBankError if none."""
    found = sorted(folder.name for folder in Path(bank).glob("*/"))
    if not found:
        raise AnswerBankError(
            f"{bank} holds no answers: lay them out as BANK/ASSIGNMENT/wrong/EXERCISE/NAME.py, "
            "or say where they are with --bank"
        )
    return found


def source_notebook(root: Path, assignment: str) -> NotebookNode:
    """Return the only notebook of an assignment. Raises AnswerBankError if there is none."""
    path = Path(root) / "source" / assignment / f"{assignment}.ipynb"
    if not path.exists():
        raise AnswerBankError(f"{path}: there is no such notebook; choose an assignment of source/")
    return nbformat.read(path, as_version=4)


def exercises(source: NotebookNode) -> dict[str, NotebookNode]:
    """Return {answer cell's grade_id: its check cell}, in order.

    An answer cell `name` is an exercise if there is a locked test cell `check-name`.
    """
    checks, answers = {}, []
    for cell in source.cells:
        name = report.name_of(cell)
        if is_solution(cell):
            answers.append(name)
        elif is_grade(cell):
            checks[name.removeprefix("check-")] = cell
    return {name: checks[name] for name in answers if name in checks}


def read_bank(bank: Path, assignment: str, source: NotebookNode) -> Bank:
    """Return the answers to one assignment.

    Raises AnswerBankError for a folder that is no exercise and a wrong answer without a code.
    """
    found: Bank = {}
    for kind in ("wrong", "right"):
        found[kind] = {exercise: [] for exercise in exercises(source)}
    for path in sorted((Path(bank) / assignment).glob("*/*/*.py")):
        kind, exercise = path.parts[-3:-1]
        if kind not in found or exercise not in found[kind]:
            raise AnswerBankError(
                f"{path}: {assignment} has no exercise `{exercise}`, "
                f"or `{kind}` is not wrong or right; correct the folder's name"
            )
        found[kind][exercise].append(read_answer(path, assignment))
    return found


def read_answer(path: Path, assignment: str) -> Answer:
    """Read one file of the bank. Raises AnswerBankError for a wrong answer without a code."""
    content = path.read_text(encoding="utf-8")
    kind, exercise = path.parts[-3:-1]
    code = EXPECTED.match(content)
    if kind == "wrong" and not code:
        raise AnswerBankError(
            f"{path}: the first line must be `# misconception: CODE`; "
            "say there what the answer must fail with"
        )
    expected = code[1] if code and kind == "wrong" else PASSED
    text, _, script = content.partition(MAKE_FILES)
    return Answer(assignment, exercise, kind, path.stem, expected, text, script)


# ---- the sheets ----------------------------------------------------------------------------------


def make_sheets(assignment: str, source: NotebookNode, bank: Bank) -> dict[str, Sheet]:
    """Return {name: sheet}: the reference, the untouched release, and all that the bank needs."""
    reference = reference_sheet(assignment, source)
    sheets = {"reference": reference, "untouched": untouched_sheet(assignment, source)}
    for kind, answers in bank.items():
        needed = max(map(len, answers.values()), default=0)
        for k in range(needed):
            sheet = dict(reference)
            for exercise, choice in answers.items():
                if k < len(choice):
                    sheet[exercise] = choice[k]
            sheets[f"{kind}-{k + 1:02d}"] = sheet
    return sheets


def reference_sheet(assignment: str, source: NotebookNode) -> Sheet:
    """Return a sheet with the instructor's own solution of every exercise."""
    solutions = {report.name_of(cell): cell.source for cell in source.cells}
    sheet = {}
    for exercise in exercises(source):
        sheet[exercise] = Answer(
            assignment,
            exercise,
            kind="reference",
            name="solution",
            expected=PASSED,
            text=solutions[exercise],
        )
    return sheet


def untouched_sheet(assignment: str, source: NotebookNode) -> Sheet:
    """Return a sheet with every exercise as it is released."""
    sheet = {}
    for exercise in exercises(source):
        sheet[exercise] = Answer(
            assignment,
            exercise,
            kind="untouched",
            name="release",
            expected=report.UNANSWERED,
            text=None,
        )
    return sheet


def answered(source: NotebookNode, sheet: Sheet) -> NotebookNode:
    """Return the release with the sheet's answers in it: what a student would hand in."""
    notebook = released(source)
    for cell in notebook.cells:
        answer = sheet.get(report.name_of(cell))
        if answer and answer.text is not None:
            cell.source = answer.text
    return notebook


def make_files(bank: Path, assignments: Iterable[str], target: Path) -> None:
    """Make what the reference hands in beside its notebook, in `target`/ASSIGNMENT."""
    scripts = []
    for assignment in assignments:
        script = Path(bank) / assignment / "files.py"
        if script.exists():
            (target / assignment).mkdir()
            text = script.read_text(encoding="utf-8")
            scripts.append(Script(str(script), text, target / assignment))
    run_scripts(scripts)


def lay_out_class(
    root: Path,
    course: Path,
    sources: dict[str, NotebookNode],
    submissions: Iterable[HandedIn],
    files: Path,
) -> None:
    """Make a course in the folder `course`, with the settings of `root`, and hand everything in.

    `files`/ASSIGNMENT is laid beside each notebook, except that of the student `untouched`.
    """
    write_nested_settings(root, course)
    keep_secret(course, bytes(32))  # the same own_seed() in every run
    for assignment in sources:
        shutil.copytree(root / "source" / assignment, course / "source" / assignment)
    scripts = []
    for assignment, student, sheet in submissions:
        folder = course / "submitted" / student / assignment
        folder.mkdir(parents=True)
        if (files / assignment).exists() and student != "untouched":
            shutil.copytree(files / assignment, folder, dirs_exist_ok=True)
        for answer in sheet.values():
            if answer.script:
                name = f"{answer.kind}/{answer.exercise}/{answer.name}.py"
                scripts.append(Script(name, answer.script, folder))
        nbformat.write(answered(sources[assignment], sheet), folder / f"{assignment}.ipynb")
    run_scripts(scripts)


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
