"""The two graders of a benchmark, and how long each takes."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from nbjudge.bench.memory import PeakMemory
from nbjudge.bench.records import durations, stopped_cells
from nbjudge.coordinator import grade
from nbjudge.coursedir import own_seeds
from nbjudge.coursedir.assignments import read_sources, register
from nbjudge.coursedir.results import KEPT, read_record
from nbjudge.coursedir.settings import read_settings, write_nested_settings
from nbjudge.errors import NbjudgeError
from nbjudge.grading.options import Options
from nbjudge.worker import cluster, preparing
from nbjudge.worker import submission as worker
from nbjudge.worker.places import THREADS

NBGRADER = [sys.executable, "-m", "nbgrader"]
NBJUDGE = [sys.executable, "-m", "nbjudge"]


def run_command(
    command: list[str],
    folder: Path,
    watch: Callable[[int], contextlib.AbstractContextManager] = contextlib.nullcontext,
) -> str:
    """Run a command in a folder and return what it printed; `watch(pid)` is entered meanwhile.

    Raises NbjudgeError with the end of its log where it fails.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) as process:
        with watch(process.pid):
            printed, log = process.communicate()
    if process.returncode:
        said = (printed + log)[-2000:]
        raise NbjudgeError(f"`{' '.join(command)}` failed:\n{said}")
    return printed


def time_stock(course: Path, assignments: list[str], say: Callable[[str], object]) -> float:
    """Return the seconds that stock nbgrader takes to grade the course."""
    started = time.monotonic()
    for assignment in assignments:
        run_command([*NBGRADER, "autograde", assignment], course)
        say(f"  {assignment} done after {time.monotonic() - started:.0f} s")
    return round(time.monotonic() - started, 2)


def time_side_by_side(parts: list[Path], assignments: list[str]) -> float:
    """Return the seconds until stock nbgrader has graded all parts of a class, all at a time.

    nbgrader itself grades one submission after the other; people who have several cores start it
    once for each part. Each process gets its share of the cores, because two that each compute
    with as many threads as there are cores wait for each other: they took four times as long as
    one process that grades the whole class. Raises NbjudgeError where a submission was not graded.
    """
    started = time.monotonic()
    threads = str(max(1, (os.cpu_count() or 1) // len(parts)))
    with (
        mock.patch.dict(os.environ, OMP_NUM_THREADS=threads),
        ThreadPoolExecutor(len(parts)) as pool,
    ):
        list(pool.map(lambda part: time_stock(part, assignments, lambda line: None), parts))
    seconds = round(time.monotonic() - started, 2)
    for part in parts:
        if len(list(part.glob("autograded/*/*"))) < len(list(part.glob("submitted/*/*"))):
            raise NbjudgeError(f"stock nbgrader has not graded all of {part.name}")
    return seconds


def run_grade_command(
    course: Path,
    assignments: list[str],
    workers: int,
    watch: Callable[[int], contextlib.AbstractContextManager] = contextlib.nullcontext,
) -> dict[str, Any]:
    """Run `nbjudge grade` as an instructor does.

    Return {"seconds", "cells": how many ran, "coordinator_s": seconds of the coordinator's work}.
    """
    options = ["--root", str(course), "--workers", str(workers), "--json"]
    started = time.monotonic()
    printed = run_command([*NBJUDGE, "grade", *assignments, *options], course, watch)
    seconds = time.monotonic() - started
    total = json.loads(printed.splitlines()[-1])
    return {
        "seconds": round(seconds, 2),
        "cells": total["cells"],
        "coordinator_s": total["coordinator_s"],
    }


def time_nbjudge(course: Path, assignments: list[str], workers: int) -> dict[str, Any]:
    """Return what grading the course takes: time, memory, and the limit set by the cells' time."""
    memory = PeakMemory()
    found = run_grade_command(course, assignments, workers, memory.watch)
    taken = durations(course)
    limit = sum(each.cells_s for each in taken) / workers
    found["workers"] = workers
    found["limit_s"] = round(limit, 2)
    found["overhead"] = round(found["seconds"] / limit - 1, 3)
    found["peak_mb"] = memory.peak >> 20
    found["stopped_cells"] = stopped_cells(course)
    found["durations"] = taken
    return found


def time_coordinator(
    root: Path, course: Path, assignments: list[str], repeat: Path
) -> dict[str, float]:
    """Return what the coordinator's own work takes, in milliseconds of processor time.

    That is {"ms": for a submission, all together, "lesson_ms": once for an assignment,
    "submission_ms": for each submission}.

    What is graded in `course` is graded once more, in the folder `repeat` and into an empty
    gradebook, by workers that find their answers in the records of `course`: they answer at once,
    several together as those of a cluster do. First all students but one are graded, then that one:
    the difference tells the two parts apart. In a class so small that the difference is lost in
    noise, all the work counts as work for submissions, which is the upper bound.
    """
    shutil.copytree(
        course, repeat, ignore=shutil.ignore_patterns("gradebook.db", "autograded", KEPT)
    )
    write_nested_settings(root, repeat)
    (repeat / KEPT).mkdir()
    own_seeds.keep_secret(
        repeat, own_seeds.secret_of(course)
    )  # else other checks would have to run
    settings = read_settings(repeat)
    for assignment in assignments:
        sources, _ = read_sources(settings.folders, assignment)
        register(settings, assignment, sources)
    last, *others = sorted((path.name for path in (repeat / "submitted").iterdir()), reverse=True)
    options = Options(workers=4 * THREADS)
    with (
        mock.patch.object(cluster, "grade_submission", partial(answer_from_record, course)),
        mock.patch.object(cluster, "warming", without_zygotes),
    ):
        many = grade(repeat, assignments, others, options)
        few = grade(repeat, assignments, [last], options)
    by_submission = (many.work - few.work) / (len(many.graded) - len(few.graded))
    all_together = many.work / len(many.graded)
    if not 0 < by_submission < all_together:
        by_submission = all_together
    by_assignment = (many.work - by_submission * len(many.graded)) / len(assignments)
    return {
        "ms": round(1000 * all_together, 1),
        "lesson_ms": round(1000 * by_assignment, 1),
        "submission_ms": round(1000 * by_submission, 1),
    }


def without_zygotes(client: Any, _: object) -> Any:
    """Do what cluster.warming does for workers that run no cell."""
    cluster.load_on_workers(client, __name__)
    return client


def answer_from_record(
    course: Path, assignment: preparing.Assignment, submission: worker.Submission
) -> worker.Graded:
    """Return what a worker does if the record of an earlier grading has all results."""
    record = read_record(course, assignment.name, submission.student)
    return worker.run(assignment, preparing.prepare(assignment, submission, record))
