"""The class of a benchmark: its submissions, its copies, and the marks of two graders compared."""

import random
import shutil
import tempfile
from pathlib import Path

import nbformat

from nbjudge.answer_bank import (
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
from nbjudge.bench.graders import NBGRADER, run_command
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url, write_nested_settings


def make_class(root: Path, bank: Path, assignments: list[str], size: int, course: Path) -> None:
    """Lay out the class's submissions in the folder `course`, with the assignments released."""
    sources = {}
    submissions = []
    for assignment in assignments:
        source = source_notebook(root, assignment)
        answers = read_bank(bank, assignment, source)
        reference = make_sheets(assignment, source, answers)["reference"]
        for number in range(size):
            sheet = draw_sheet(reference, answers, seed=f"{assignment} {number}")
            submissions.append(HandedIn(assignment, f"learner-{number:02d}", sheet))
        sources[assignment] = source
    course.mkdir()
    with tempfile.TemporaryDirectory(prefix="nbjudge-files-") as files:
        make_files(bank, assignments, Path(files))
        lay_out_class(root, course, sources, submissions, Path(files))
    for assignment in assignments:
        run_command([*NBGRADER, "generate_assignment", assignment], course)


def draw_sheet(reference: Sheet, answers: Bank, seed: str) -> Sheet:
    """Return a student's sheet: per exercise one of five answers, three of them the reference's."""
    draw = random.Random(seed)
    sheet = {}
    for exercise, solution in reference.items():
        wrong = answers["wrong"][exercise]
        unusual = answers["right"][exercise]
        fourth = draw.choice(wrong or [solution])
        fifth = draw.choice(wrong + unusual or [solution])
        sheet[exercise] = draw.choice([solution, solution, solution, fourth, fifth])
    return sheet


def change_a_check(course: Path, assignment: str) -> None:
    """Add a line to the assignment's last check, as an instructor does who corrects a mistake."""
    path = course / "source" / assignment / f"{assignment}.ipynb"
    source = nbformat.read(path, as_version=4)
    *_, last = exercises(source).values()
    last.source += "\nassert True"
    nbformat.write(source, path)


def split_class(root: Path, course: Path, scratch: Path, count: int) -> list[Path]:
    """Return copies of a course, in each of which a part of the students has handed in."""
    students = sorted(path.name for path in (course / "submitted").iterdir())
    parts = []
    for number in range(count):
        part = scratch / f"stock-part-{number}"
        shutil.copytree(course, part)
        write_nested_settings(root, part)  # else it would grade the whole class's folder
        for student in students:
            if student not in students[number::count]:
                shutil.rmtree(part / "submitted" / student)
        parts.append(part)
    return parts


def different_marks(stock_course: Path, course: Path, assignments: list[str]) -> list[str]:
    """Return a sentence on every mark that is not the same in both courses."""
    found = []
    stock_gradebook, gradebook = gradebook_url(stock_course), gradebook_url(course)
    for assignment in assignments:
        stock_marks = report.marks(stock_course, assignment, stock_gradebook)
        marks = report.marks(course, assignment, gradebook)
        for student, stock_row in stock_marks.items():
            row = marks.get(student, {})
            for name in {*stock_row, *row}:
                expected, got = points_of(stock_row, name), points_of(row, name)
                if expected != got:
                    found.append(
                        f"{assignment} {student} {name}: "
                        f"{expected} with stock nbgrader, {got} with ours"
                    )
    return sorted(found)


def points_of(row: dict[str, report.Mark], name: str) -> float | None:
    """Return a student's points for an exercise, None if there is no mark."""
    return row[name].points if name in row else None
