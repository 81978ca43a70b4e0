"""An instructor's week on real files: release, a class of twelve, grading, feedback, report.

Everything happens in demo/, a course of its own with its own gradebook, made afresh each time.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console

from course.authoring import UsageError
from nbjudge.answers import answered, exercises, make_files, make_sheets, read_bank
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.report import name_of
from nbjudge.coursedir.settings import CONFIG, write_nested_settings
from nbjudge.display import grade_and_show
from nbjudge.terminal import page_wide_console

BROKEN = "no-json"  # the one submission of the class that cannot be graded
NOT_A_NOTEBOOK = "<html>Please sign in to download this file.</html>"


def demo(root: Path, lesson: str) -> bool:
    """Play the week with a lesson of the course in `root`, and print what happens.

    Returns whether it went as it should: everybody graded except the one whose file is no
    notebook. Raises UsageError for a lesson that does not exist.
    """
    root = Path(root).resolve()
    console = page_wide_console()
    folder = root / "demo"
    source = root / "source" / lesson / f"{lesson}.ipynb"
    if not source.exists():
        raise UsageError(
            f"{source.relative_to(root)}: there is no such lesson; choose one of those in source/"
        )
    clear(folder)
    shutil.copytree(source.parent, folder / "source" / lesson)
    write_nested_settings(root, folder)

    console.rule("Monday: the release", align="left")
    nbgrader(console, folder, "generate_assignment", lesson)
    console.rule("Thursday: a class of twelve hands in", align="left")
    names = hand_in(root, folder, lesson)
    console.print(f"submitted/: {', '.join(names)}", soft_wrap=True)
    console.rule("Friday: grading", align="left")
    console.print(f"$ course grade {lesson} --root demo")
    outcome = grade_and_show(folder, [lesson])
    nbgrader(console, folder, "generate_feedback", lesson)
    pages = list((folder / "feedback").glob(f"*/{lesson}/{lesson}.html"))
    console.print(f"{len(pages)} pages of feedback lie in demo/feedback/LEARNER/{lesson}/.")
    console.print(
        "To see the class in the formgrader: cd demo && jupyter lab, "
        "then choose Nbgrader, Formgrader."
    )
    not_graded = {finding.student for finding in outcome.findings if finding.blocks}
    return not_graded == {BROKEN} and len(pages) == len(outcome.graded)


def clear(folder: Path) -> None:
    """Remove the demo of last time. Raises UsageError for a folder that is something else."""
    from nbgrader.utils import rmtree

    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / CONFIG).exists():
        raise UsageError(f"{folder} is not a demo of this course; move it away first")
    rmtree(str(folder))  # nbgrader's, because what it has graded is write-protected


def nbgrader(console: Console, folder: Path, step: str, lesson: str) -> None:
    """Run one of nbgrader's own commands. Raises RuntimeError with its log if it fails."""
    console.print(f"$ nbgrader {step} {lesson}")
    command = [sys.executable, "-m", "nbgrader", step, lesson]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"nbgrader {step} {lesson} failed in {folder}:\n{done.stderr}")


def hand_in(root: Path, folder: Path, lesson: str) -> list[str]:
    """Lay out the class in FOLDER/submitted/ and return the learners' names, in order.

    Learners are called what they are. Where the answer bank makes files beside the notebook,
    everybody hands them in but the one whose notebook is blank.
    """
    bank = root / "tests" / "answers"
    notebooks = class_of_twelve(root, bank, lesson)
    with tempfile.TemporaryDirectory() as files:
        make_files(bank, [lesson], Path(files))
        for name, notebook in notebooks.items():
            target = folder / "submitted" / name / lesson
            target.mkdir(parents=True)
            file = f"{lesson} (1).ipynb" if name == "renamed" else f"{lesson}.ipynb"
            nbformat.write(notebook, target / file)
            if Path(files, lesson).exists() and name != "blank":
                shutil.copytree(Path(files, lesson), target, dirs_exist_ok=True)
    broken = folder / "submitted" / BROKEN / lesson / f"{lesson}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text(NOT_A_NOTEBOOK, encoding="utf-8")
    return sorted([*notebooks, BROKEN])


def class_of_twelve(root: Path, bank: Path, lesson: str) -> dict[str, NotebookNode]:
    """{learner: notebook} of everybody but the one who hands in no notebook.

    Raises UsageError where the answer bank holds too few answers.
    """
    source = nbformat.read(root / "source" / lesson / f"{lesson}.ipynb", as_version=4)
    answers = read_bank(bank, lesson, source)
    wrong, unusual = [], []
    for name in exercises(source):
        wrong += answers["wrong"][name]
        unusual += answers["right"][name]
    if len(wrong) < 3 or len(unusual) < 2:
        raise UsageError(
            f"tests/answers/{lesson} holds {len(wrong)} wrong and {len(unusual)} right answers; "
            "the demo needs three and two"
        )
    sheets = make_sheets(lesson, source, answers)
    reference = sheets["reference"]
    solved = answered(source, reference)
    notebooks = {
        "right-1": solved,
        "right-2": solved,
        "renamed": solved,
        "blank": released(source),
        "several-wrong": answered(source, sheets["wrong-01"]),
        "deleted-cell": without_cell(solved, wrong[-1].exercise),
    }
    others = {
        "unusual-1": unusual[0],
        "unusual-2": unusual[1],
        "wrong-1": wrong[0],
        "wrong-2": wrong[len(wrong) // 2],
        "wrong-3": wrong[-1],
    }
    for learner, answer in others.items():
        notebooks[learner] = answered(source, {**reference, answer.exercise: answer})
    return notebooks


def without_cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """A copy of a notebook that lacks the cell of this name."""
    cells = [cell for cell in notebook.cells if name_of(cell) != name]
    return nbformat.from_dict({**notebook, "cells": cells})
