"""An instructor's week on real files: from the release to the grades that Canvas imports.

Everything happens in demo/, a course of its own with its own gradebook, made afresh each time. A
class of twelve hands in through Canvas, so its submissions come as Canvas's zip.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from rich.console import Console

from course.authoring import UsageError
from course.authoring.discuss import explain
from nbjudge.answer_bank import answered, exercises, make_files, make_sheets, read_bank
from nbjudge.collect.into_course import collect
from nbjudge.coursedir.export import CANVAS, export
from nbjudge.coursedir.feedback import write_feedback
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.report import name_of, short_name
from nbjudge.coursedir.roster import read_roster
from nbjudge.coursedir.settings import CONFIG, read_settings, write_nested_settings
from nbjudge.display import grade_and_show, show_collected, show_report
from nbjudge.display_what_if import show_what_if
from nbjudge.files import replace_text
from nbjudge.terminal import page_wide_console

BROKEN = "no-json"  # the one submission of the class that cannot be graded
NOT_A_NOTEBOOK = b"<html>Please sign in to download this file.</html>"
TWICE = "right-2"  # has uploaded the notebook twice
LATE = "wrong-3"  # Canvas says so
CLASS = 12  # learners
ZIP = "submissions.zip"
ROSTER = "canvas-gradebook.csv"
GRADES = "canvas-grades.csv"


def demo(root: Path, lesson: str) -> bool:
    """Play the week with a lesson of the course in `root`, and print what happens.

    Returns whether it went as it should: everybody is collected, and graded except the one whose
    file is no notebook; all others have feedback and a grade for Canvas, and the report is there.
    Raises UsageError for a lesson that does not exist.
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
    console.rule("Thursday: a class of twelve hands in on Canvas", align="left")
    hand_in(root, folder, lesson)
    settings = read_settings(folder)
    tell(console, f"collect {lesson} demo/{ZIP} --roster demo/{ROSTER}")
    place = Path(os.path.relpath(folder / ZIP))
    collected = collect(settings, lesson, [place], folder / ROSTER)
    show_collected(settings, collected)
    console.rule("Friday: grading", align="left")
    tell(console, f"grade {lesson}")
    outcome = grade_and_show(folder, [lesson])
    console.rule("Monday: what to discuss, and what a change would do", align="left")
    tell(console, f"report {lesson}")
    show_report(settings, [lesson], folder / "report", explain=explain)
    with worth_more(folder, lesson) as exercise:
        console.print(f"In demo/source/ the exercise {exercise} now gives a point more.")
        tell(console, f"grade {lesson} --what-if")
        show_what_if(folder, [lesson])
    console.print("The exercise gives what it gave before.")
    console.rule("Tuesday: what goes back", align="left")
    tell(console, f"feedback {lesson}")
    write_feedback(settings, [lesson])
    pages = list((folder / "feedback").glob(f"*/{lesson}/{lesson}.html"))
    console.print(f"{len(pages)} pages of feedback lie in demo/feedback/LEARNER/{lesson}/.")
    tell(console, f"export canvas {lesson} --roster demo/{ROSTER} --to demo/{GRADES}")
    exported = export(settings, CANVAS, [lesson], read_roster(folder / ROSTER))
    replace_text(folder / GRADES, exported.text)
    console.print(f"demo/{GRADES} holds the grades of {exported.students} learners for Canvas.")
    console.print(
        "To see the class in the formgrader: cd demo && jupyter lab, "
        "then choose Nbgrader, Formgrader."
    )
    not_graded = {finding.student for finding in outcome.findings if finding.blocks}
    graded = len(outcome.graded)
    everybody = len(collected.new) == CLASS and collected.clean
    reported = (folder / "report" / "report.html").exists()
    return (
        everybody
        and reported
        and not_graded == {BROKEN}
        and len(pages) == exported.students == graded
    )


@contextmanager
def worth_more(folder: Path, lesson: str) -> Iterator[str]:
    """Let the first exercise in the demo's source give a point more; yield its name."""
    path = folder / "source" / lesson / f"{lesson}.ipynb"
    before = path.read_bytes()
    source = nbformat.reads(before.decode(), as_version=4)
    check = next(cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("points"))
    check.metadata.nbgrader.points += 1
    try:
        nbformat.write(source, path)
        yield short_name(name_of(check))
    finally:
        path.write_bytes(before)


def tell(console: Console, command: str) -> None:
    """Print the command that does what comes next."""
    console.print(f"$ course {command} --root demo", soft_wrap=True)


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


def hand_in(root: Path, folder: Path, lesson: str) -> None:
    """Write Canvas's zip of the class's submissions into FOLDER, and its exported gradebook.

    Learners are called what they are. Where the answer bank makes files beside the notebook,
    everybody hands them in but the one whose notebook is blank.
    """
    bank = root / "tests" / "answers"
    submissions: dict[str, dict[str, bytes]] = {BROKEN: {f"{lesson}.ipynb": NOT_A_NOTEBOOK}}
    with tempfile.TemporaryDirectory() as made:
        make_files(bank, [lesson], Path(made))
        beside = [path for path in Path(made, lesson).rglob("*") if path.is_file()]
        files = {path.name: path.read_bytes() for path in beside}
    notebooks = class_of_twelve(root, bank, lesson)
    for name, notebook in notebooks.items():
        file = "my notebook.ipynb" if name == "renamed" else f"{lesson}.ipynb"
        own = {file: nbformat.writes(notebook).encode()}
        submissions[name] = own | (files if name != "blank" else {})
    # Canvas puts -1 behind a file that was uploaded again; the first try was blank
    submissions[TWICE] |= {f"{lesson}-1.ipynb": submissions[TWICE][f"{lesson}.ipynb"]}
    submissions[TWICE][f"{lesson}.ipynb"] = submissions["blank"][f"{lesson}.ipynb"]
    numbers = {name: 101 + place for place, name in enumerate(sorted(submissions))}
    write_zip(folder / ZIP, submissions, numbers)
    write_roster(folder / ROSTER, lesson, numbers)


def write_zip(
    path: Path, submissions: Mapping[str, Mapping[str, bytes]], numbers: Mapping[str, int]
) -> None:
    """Write submissions, {learner: {file: bytes}}, with the names that Canvas gives to files."""
    upload = 9000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, files in sorted(submissions.items()):
            late = "_LATE" if name == LATE else ""
            for file, content in files.items():
                upload += 1
                who = re.sub(r"\W", "", name)
                archive.writestr(f"{who}{late}_{numbers[name]}_{upload}_{file}", content)


def write_roster(path: Path, lesson: str, numbers: Mapping[str, int]) -> None:
    """Write what Canvas exports of its gradebook before there are grades."""
    rows: list[Iterable[str]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{lesson} (4711)"],
        ["    Points Possible", "", "", "", "", ""],
    ]
    for name, number in numbers.items():
        rows.append([name, str(number), f"s-{number}", name, "A", ""])
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


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
