"""Proof of the grader: the kill matrix.

The answer bank holds, per exercise, wrong answers - each names the misconception's code it must fail with - and unusual
right ones: BANK/LESSON/wrong/EXERCISE/NAME.py and BANK/LESSON/right/EXERCISE/NAME.py. They are packed into sheets: sheet k
takes the k-th answer of every exercise and the reference solution where there is none left. The sheets, the reference and the
untouched release are then graded as a class, by the engine that grades learners.

Where a lesson asks for files beside the notebook, BANK/LESSON/files.py makes those of the reference. It is run once, each sheet
gets a copy of what it leaves, and an answer may change its copy: what stands below the line `### MAKE FILES` is run there, by itself.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.utils import is_grade, is_solution

from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.preprocessors import lines_of, split_hidden_tests
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import gradebook_url, write_nested_settings

MAKE_FILES = "\n### MAKE FILES\n"
EXPECTED = re.compile(r"# misconception: ([a-z0-9-]+)\s*$", re.MULTILINE)
PASSED = "passed"


class Answer(NamedTuple):
    """One entry of the bank. `expected` is a code, PASSED or report.UNANSWERED; `text` None leaves the cell as it is given out."""

    lesson: str
    exercise: str
    kind: str  # wrong, right, reference or untouched
    name: str
    expected: str
    text: str | None
    script: str = ""  # makes or changes the files beside the notebook


class Row(NamedTuple):
    """What became of an answer."""

    answer: Answer
    found: str
    points: float
    possible: float
    ok: bool


def exercises(source):
    """{answer cell's grade_id: its check cell} of a source notebook, for all answers that a check-... cell judges."""
    checks = {
        report.name_of(cell).removeprefix("check-"): cell
        for cell in source.cells
        if is_grade(cell) and not is_solution(cell)
    }
    return {
        name: checks[name]
        for name in map(report.name_of, filter(is_solution, source.cells))
        if name in checks
    }


def read_bank(bank, lesson, source):
    """{kind: {exercise: [Answer]}}. Raises ValueError for a folder without an exercise and a wrong answer without a code."""
    found = {kind: {name: [] for name in exercises(source)} for kind in ("wrong", "right")}
    for path in sorted((Path(bank) / lesson).glob("*/*/*.py")):
        kind, exercise, text = (
            path.parent.parent.name,
            path.parent.name,
            path.read_text(encoding="utf-8"),
        )
        if kind not in found or exercise not in found[kind]:
            raise ValueError(
                f"{path}: {lesson} has no exercise `{exercise}`, or `{kind}` is not wrong or right; correct the folder's name"
            )
        code, (text, _, script) = EXPECTED.match(text), text.partition(MAKE_FILES)
        if kind == "wrong" and not code:
            raise ValueError(
                f"{path}: the first line must be `# misconception: CODE`; say there what the answer must fail with"
            )
        found[kind][exercise].append(
            Answer(
                lesson,
                exercise,
                kind,
                path.stem,
                code[1] if code and kind == "wrong" else PASSED,
                text,
                script,
            )
        )
    return found


def pack(lesson, source, found):
    """{sheet's name: {exercise: Answer}}, every exercise on every sheet."""
    solutions = {report.name_of(cell): cell.source for cell in source.cells}
    names = list(exercises(source))
    reference = {
        name: Answer(lesson, name, "reference", "solution", PASSED, solutions[name])
        for name in names
    }
    sheets = {
        "reference": reference,
        "untouched": {
            name: Answer(lesson, name, "untouched", "release", report.UNANSWERED, None)
            for name in names
        },
    }
    for kind, bank in found.items():
        for k in range(max(map(len, bank.values()), default=0)):
            sheets[f"{kind}-{k + 1:02d}"] = {
                name: bank[name][k] if k < len(bank[name]) else reference[name] for name in names
            }
    return sheets


def run(lessons, bank, root, tell=lambda *news: None):
    """Grade the bank's answers to the lessons in scratch courses and return the rows. `tell(done, total)` follows the sheets.

    A row for every answer of the bank, the reference and the untouched release; the reference solutions that fill up a sheet
    get one only where they were not given full marks beside other answers.
    """
    root = Path(root).resolve()
    sources = {
        lesson: nbformat.read(root / "source" / lesson / f"{lesson}.ipynb", as_version=4)
        for lesson in lessons
    }
    jobs = [
        (lesson, sheet, answers)
        for lesson, source in sources.items()
        for sheet, answers in pack(lesson, source, read_bank(bank, lesson, source)).items()
    ]
    with tempfile.TemporaryDirectory(prefix="course-answers-") as folder:
        files, scratch = Path(folder).resolve() / "files", Path(folder).resolve() / "course"
        files.mkdir()
        scratch.mkdir()
        make_files(bank, lessons, files)
        lay_out(root, scratch, sources, jobs, files)
        outcome = grade(scratch, lessons, tell=lambda done, total, *_: tell(done, total))
        tables = {
            lesson: report.marks(scratch, lesson, gradebook_url(scratch)) for lesson in lessons
        }
    rows, refused = (
        [],
        {
            (finding.assignment, finding.student): finding.says
            for finding in outcome.findings
            if finding.blocks
        },
    )
    for lesson, sheet, answers in jobs:
        for exercise, answer in answers.items():
            row = judge(
                answer,
                tables[lesson][sheet].get(f"check-{exercise}"),
                refused.get((lesson, sheet), ""),
            )
            if answer.kind != "reference" or sheet == "reference" or not row.ok:
                rows.append(
                    row._replace(
                        answer=answer._replace(
                            name=answer.name if answer.kind != "reference" else f"on {sheet}"
                        )
                    )
                )
    order = {name: k for k, name in enumerate(["reference", "untouched", "wrong", "right"])}
    return sorted(
        rows,
        key=lambda row: (
            row.answer.lesson,
            order[row.answer.kind],
            row.answer.exercise,
            row.answer.name,
        ),
    )


def make_files(bank, lessons, target):
    """Make what the reference of each lesson hands in beside its notebook, in `target`/LESSON."""
    for lesson in lessons:
        if (script := Path(bank) / lesson / "files.py").exists():
            (target / lesson).mkdir()
            run_script(script.read_text(encoding="utf-8"), target / lesson, script)


def lay_out(root, scratch, sources, jobs, files):
    """Make a course of its own in `scratch`, with the root's settings and a submission for each (lesson, sheet, {exercise: Answer})."""
    write_nested_settings(root, scratch)
    for lesson in {lesson for lesson, _, _ in jobs}:
        shutil.copytree(root / "source" / lesson, scratch / "source" / lesson)
    for lesson, sheet, answers in jobs:
        folder = scratch / "submitted" / sheet / lesson
        folder.mkdir(parents=True)
        if (files / lesson).exists() and sheet != "untouched":
            shutil.copytree(files / lesson, folder, dirs_exist_ok=True)
        for answer in answers.values():
            if answer.script:
                run_script(
                    answer.script, folder, f"{answer.kind}/{answer.exercise}/{answer.name}.py"
                )
        nbformat.write(fill_in(sources[lesson], answers), folder / f"{lesson}.ipynb")


def run_script(text, folder, name):
    """Run a script of the bank in a folder, in a process of its own. Raises ValueError with its last line where it fails."""
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(
            f"{name}: its script failed ({(done.stderr.strip().splitlines() or ['no message'])[-1]}); correct it"
        )


def fill_in(source, answers):
    """The release with the answers put in: what a learner would hand in."""
    notebook = released(source)
    for cell in notebook.cells:
        answer = answers.get(report.name_of(cell))
        if answer and answer.text is not None:
            cell.source = answer.text
    return notebook


def judge(answer, mark, refused):
    """Full marks or none at all, and for the reason that was expected. `refused`: why its sheet was not graded, "" where it was."""
    if mark is None:
        return Row(answer, refused or "not graded", 0, 0, False)
    found = mark.failure.reason if mark.failure else PASSED
    due = mark.possible if answer.expected == PASSED else 0
    return Row(
        answer,
        found,
        mark.points,
        mark.possible,
        found == answer.expected and mark.points == due and mark.possible > 0,
    )


def idle_checks(source, found):
    """Names of checks no wrong answer is there for, and of those whose hidden tests only repeat the visible ones."""
    unproved = [f"check-{name}" for name, answers in found["wrong"].items() if not answers]
    repeating = []
    for name, check in exercises(source).items():
        shown, hidden = split_hidden_tests(check.source)
        if hidden is not None and lines_of(hidden) <= lines_of(shown):
            repeating.append(f"check-{name}")
    return unproved, repeating


def show(console, rows, unproved, repeating):
    """Print the matrix and its summary; return whether everything is as it should be."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    for lesson in dict.fromkeys(row.answer.lesson for row in rows):
        table = Table(title=f"Kill matrix of {lesson}", title_justify="left", box=SIMPLE_HEAD)
        for name in ("exercise", "kind", "name", "expected", "found", "points", ""):
            table.add_column(name, justify="right" if name == "points" else "left", overflow="fold")
        for row in rows:
            if row.answer.lesson == lesson:
                table.add_row(
                    *row.answer[1:5],
                    row.found,
                    f"{row.points:g}/{row.possible:g}",
                    "ok" if row.ok else "NO",
                    style=None if row.ok else "bold red",
                )
        console.print(table)
    wrong, right = (
        [row.ok for row in rows if row.answer.kind == kind] for kind in ("wrong", "right")
    )
    console.print(f"Wrong answers killed by their own code: {sum(wrong)}/{len(wrong)}")
    console.print(f"Unusual right answers passed: {sum(right)}/{len(right)}")
    console.print(f"Checks that kill nothing: {', '.join(unproved) or 'none'}")
    console.print(
        f"Hidden tests that only repeat the visible ones: {', '.join(repeating) or 'none'}"
    )
    return all(row.ok for row in rows) and not unproved and not repeating


def prove(root, lessons, bank):
    """Run the bank with progress on stderr, print the matrix, return whether everything is as it should be."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Grading sheets", total=None)
        rows = run(
            lessons,
            bank,
            root,
            tell=lambda done, total: progress.update(task, completed=done, total=total),
        )
    unproved, repeating = [], []
    for lesson in lessons:
        source = nbformat.read(Path(root) / "source" / lesson / f"{lesson}.ipynb", as_version=4)
        idle, same = idle_checks(source, read_bank(bank, lesson, source))
        unproved += [f"{lesson}/{name}" for name in idle]
        repeating += [f"{lesson}/{name}" for name in same]
    return show(report.page_wide_console(), rows, unproved, repeating)
