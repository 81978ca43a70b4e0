"""An answer bank: it is read, put on sheets, and handed in as a class.

The bank holds, per exercise, wrong answers and unusual right ones. A wrong answer names the code of
the misconception that it must fail with:

    BANK/ASSIGNMENT/wrong/EXERCISE/NAME.py    first line: # misconception: CODE
    BANK/ASSIGNMENT/right/EXERCISE/NAME.py
    BANK/ASSIGNMENT/files.py                  makes the files that the reference hands in

Answers are packed into sheets, one notebook each: sheet k takes the k-th answer of every exercise,
and the reference solution where an exercise has fewer.

Where an assignment asks for files beside the notebook, files.py makes those of the reference. It
runs once and each sheet gets a copy. An answer may change its copy: what stands below the line
`### MAKE FILES` runs there, in a process of its own.
"""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.bank_scripts import Script, run_scripts
from nbjudge.coursedir import report
from nbjudge.coursedir.own_seeds import keep_secret
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import write_nested_settings
from nbjudge.errors import AnswerBankError

MAKE_FILES = "\n### MAKE FILES\n"

EXPECTED = re.compile(r"# misconception: ([a-z0-9-]+)\s*$", re.MULTILINE)

PASSED = "passed"


class Answer(NamedTuple):
    """One answer to one exercise."""

    assignment: str
    exercise: str  # the answer cell's grade_id
    kind: str  # one of KINDS
    name: str
    expected: str  # a misconception's code, PASSED or report.UNANSWERED
    text: str | None  # None leaves the cell as it is released
    script: str = ""  # makes or changes the files beside the notebook


Bank = dict[str, dict[str, list[Answer]]]  # {"wrong" or "right": {exercise: its answers}}

Sheet = dict[str, Answer]  # {exercise: Answer}, every exercise of the assignment


class HandedIn(NamedTuple):
    """A sheet as it is handed in."""

    assignment: str
    student: str
    sheet: Sheet


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
