"""One class graded with stock nbgrader and with nbjudge: all that is measured."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbjudge.answer_bank import assignments_of
from nbjudge.bench.graders import (
    run_grade_command,
    time_coordinator,
    time_nbjudge,
    time_side_by_side,
    time_stock,
)
from nbjudge.bench.made_class import change_a_check, different_marks, make_class, split_class
from nbjudge.coursedir.settings import path_with_alembic, write_nested_settings
from nbjudge.errors import AnswerBankError

SMALL = slice(1, 3)  # the second and third assignment of the bank
SMALL_CLASS, CLASS = 4, 24  # students


def print_progress(line: str) -> None:
    """Print on stderr what is being measured."""
    print(line, file=sys.stderr, flush=True)


def compare_graders(
    root: Path,
    bank: Path,
    assignments: list[str] | None = None,
    students: int | None = None,
    small: bool = False,
    say: Callable[[str], object] = print_progress,
) -> dict[str, Any]:
    """Grade a class with both graders and return the measurements, which JSON can hold.

    Without `assignments` all of the bank are graded; `small` takes four students and two of them.
    Raises AnswerBankError for an assignment without answers, NbjudgeError where a grader fails.
    """
    root = Path(root).resolve()
    bank = Path(bank).resolve()
    os.environ["PATH"] = path_with_alembic()  # stock nbgrader calls it by name
    chosen = choose_assignments(bank, assignments, small)
    size = students or (SMALL_CLASS if small else CLASS)
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="nbjudge-bench-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder).resolve()
        stock_course = scratch / "stock"
        courses = {workers: scratch / f"nbjudge-{workers}" for workers in sorted({1, cores})}
        say(f"A class of {size} hands in {len(chosen)} assignments")
        make_class(root, bank, chosen, size, stock_course)
        for course in courses.values():
            shutil.copytree(stock_course, course)
            write_nested_settings(root, course)
        parts = split_class(root, stock_course, scratch, min(cores, size))
        runs = {}
        for workers, course in courses.items():
            say(f"nbjudge grade with {workers} worker(s)")
            runs[f"ours-{workers}"] = time_nbjudge(course, chosen, workers)
        course, fastest = courses[cores], runs[f"ours-{cores}"]
        say("nbjudge grade, workers that answer at once")
        coordinator = time_coordinator(root, course, chosen, scratch / "again")
        say("nbjudge grade again, nothing changed")
        unchanged = run_grade_command(course, chosen, cores)
        say(f"nbjudge grade again, one check of {chosen[-1]} changed")
        change_a_check(course, chosen[-1])
        changed = run_grade_command(course, chosen[-1:], cores)
        say("nbgrader autograde")
        stock_s = time_stock(stock_course, chosen, say)
        say(f"nbgrader autograde, {len(parts)} processes side by side")
        stock_parts_s = time_side_by_side(parts, chosen)
        different = different_marks(stock_course, course, chosen)
    return {
        "stock_s": stock_s,
        "stock_side_by_side": {"processes": len(parts), "seconds": stock_parts_s},
        "ours_s": fastest["seconds"],
        "ratio": round(stock_s / fastest["seconds"], 2),
        "limit_s": fastest["limit_s"],
        "overhead": fastest["overhead"],
        "coordinator_ms": coordinator["ms"],
        "coordinator": coordinator,
        "peak_mb": fastest["peak_mb"],
        "marks_equal": not different,
        "differences": different,
        "regrade_unchanged": unchanged,
        "regrade_changed_check": changed,
        "class": {
            "learners": size,
            "lessons": chosen,
            "submissions": size * len(chosen),
        },
        "machine": {
            "cores": cores,
            "threads of stock": os.environ.get("OMP_NUM_THREADS", "all cores"),
        },
        "runs": runs,
    }


def choose_assignments(bank: Path, assignments: list[str] | None, small: bool) -> list[str]:
    """Return the assignments to grade. Raises AnswerBankError if one has no answers."""
    known = assignments_of(bank)
    small_bank = known[SMALL] or known
    chosen = assignments or (small_bank if small else known)
    unknown = [assignment for assignment in chosen if assignment not in known]
    if unknown:
        raise AnswerBankError(
            f"there are no answers to {', '.join(unknown)}: "
            f"choose assignments that have a folder in {bank}"
        )
    return chosen
