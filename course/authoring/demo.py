"""An instructor's week on real files: generate the release, collect a class of twelve, grade it, write feedback, read the report.

Everything happens in demo/, a course of its own with its own gradebook, made afresh each time.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from nbjudge.answers import exercises, fill_in, make_files, pack, read_bank
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.report import name_of, page_wide_console
from nbjudge.coursedir.settings import CONFIG, write_nested_settings
from nbjudge.display import grade_and_show

BROKEN = "no-json"  # the one submission of the class that cannot be graded


def demo(root, lesson):
    """Return whether the week went as it should: all graded but the one that is no notebook. Raises ValueError without a lesson."""
    root, console = Path(root).resolve(), page_wide_console()
    folder = root / "demo"
    path = root / "source" / lesson / f"{lesson}.ipynb"
    if not path.exists():
        raise ValueError(
            f"{path.relative_to(root)}: there is no such lesson; choose one of those in source/"
        )
    clear(folder)
    shutil.copytree(path.parent, folder / "source" / lesson)
    write_nested_settings(root, folder)

    console.rule("Monday: the release", align="left")
    nbgrader(console, folder, "generate_assignment", lesson)
    console.rule("Thursday: a class of twelve hands in", align="left")
    source = nbformat.read(path, as_version=4)
    bank = root / "tests" / "answers"
    with tempfile.TemporaryDirectory() as files:
        make_files(bank, [lesson], Path(files))
        names = hand_in(folder, lesson, source, read_bank(bank, lesson, source), Path(files))
    console.print(f"submitted/: {', '.join(names)}", soft_wrap=True)
    console.rule("Friday: grading", align="left")
    console.print(f"$ course grade {lesson} --root demo")
    outcome = grade_and_show(folder, [lesson])
    nbgrader(console, folder, "generate_feedback", lesson)
    pages = len(list((folder / "feedback").glob(f"*/{lesson}/{lesson}.html")))
    console.print(f"{pages} pages of feedback lie in demo/feedback/LEARNER/{lesson}/.")
    console.print(
        "To see the class in the formgrader: cd demo && jupyter lab, then choose Nbgrader, Formgrader."
    )
    return {finding.student for finding in outcome.findings if finding.blocks} == {
        BROKEN
    } and pages == len(outcome.graded)


def clear(folder):
    """Remove the demo of last time, and nothing else that may be called so. Raises ValueError for that."""
    from nbgrader.utils import rmtree

    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).exists():
        raise ValueError(f"{folder} is not a demo of this course; move it away first")
    if folder.exists():
        rmtree(str(folder))  # what nbgrader has graded is write-protected


def nbgrader(console, folder, step, lesson):
    """One of nbgrader's own commands. Raises RuntimeError with its log if it fails."""
    console.print(f"$ nbgrader {step} {lesson}")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", step, lesson], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {step} {lesson} failed in {folder}:\n{done.stderr}")


def hand_in(folder, lesson, source, bank, files):
    """Lay out the class in submitted/ and return its names. Learners are called what they are; `files`/LESSON lies beside their notebooks."""
    sheets = pack(lesson, source, bank)
    reference, names = sheets["reference"], list(exercises(source))
    wrong = [answer for name in names for answer in bank["wrong"][name]]
    unusual = [answer for name in names for answer in bank["right"][name]]
    if len(wrong) < 3 or len(unusual) < 2:
        raise ValueError(
            f"tests/answers/{lesson} holds {len(wrong)} wrong and {len(unusual)} right answers; the demo needs three and two"
        )
    solved = fill_in(source, reference)
    notebooks = {"right-1": solved, "right-2": solved, "blank": released(source)}
    notebooks |= {
        f"unusual-{k}": fill_in(source, reference | {answer.exercise: answer})
        for k, answer in enumerate(unusual[:2], start=1)
    }
    notebooks |= {
        f"wrong-{k}": fill_in(source, reference | {answer.exercise: answer})
        for k, answer in enumerate((wrong[0], wrong[len(wrong) // 2], wrong[-1]), start=1)
    }
    notebooks["several-wrong"] = fill_in(source, sheets["wrong-01"])
    notebooks["deleted-cell"] = nbformat.from_dict(
        {**solved, "cells": [cell for cell in solved.cells if name_of(cell) != names[-1]]}
    )
    notebooks["renamed"] = solved
    for name, notebook in notebooks.items():
        target = folder / "submitted" / name / lesson
        target.mkdir(parents=True)
        nbformat.write(
            notebook, target / (f"{lesson} (1).ipynb" if name == "renamed" else f"{lesson}.ipynb")
        )
        if (files / lesson).exists() and name != "blank":
            shutil.copytree(files / lesson, target, dirs_exist_ok=True)
    (folder / "submitted" / BROKEN / lesson).mkdir(parents=True)
    (folder / "submitted" / BROKEN / lesson / f"{lesson}.ipynb").write_text(
        "<html>Please sign in to download this file.</html>", encoding="utf-8"
    )
    return sorted([*notebooks, BROKEN])
