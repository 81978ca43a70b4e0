"""How long grading takes: one class, graded with stock nbgrader and with nbjudge on this machine.

The class is made from an answer bank: of five answers three are the reference's, and the other
two are wrong ones or unusual right ones. Both graders start from a released assignment, and both
skip the cells that the course's settings skip. No grader can be faster than the limit: the time
that the cells themselves take, divided by the number of workers.
"""

import contextlib
import heapq
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import nbformat

from nbjudge.answers import (
    Bank,
    HandedIn,
    Sheet,
    assignments_of,
    exercises,
    lay_out_class,
    make_files,
    make_sheets,
    read_bank,
    source_notebook,
)
from nbjudge.coordinator import grade
from nbjudge.coursedir import own_seeds, report
from nbjudge.coursedir.assignments import read_sources, register
from nbjudge.coursedir.results import KEPT, read_record
from nbjudge.coursedir.settings import (
    gradebook_url,
    path_with_alembic,
    read_settings,
    write_nested_settings,
)
from nbjudge.errors import AnswerBankError, NbjudgeError
from nbjudge.grading.options import Options
from nbjudge.sandbox.host.process_table import parents
from nbjudge.terminal import page_wide_console
from nbjudge.worker import cluster
from nbjudge.worker import submission as worker
from nbjudge.worker.places import THREADS

SMALL = slice(1, 3)  # the second and third assignment of the bank
SMALL_CLASS, CLASS = 4, 24  # students
REST = 100  # times as long as a measurement of memory takes is the pause before the next: 1 % of it


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


# ---- the class -----------------------------------------------------------------------------------


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


# ---- the two graders -----------------------------------------------------------------------------

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
    course: Path, assignment: worker.Assignment, submission: worker.Submission
) -> worker.Graded:
    """Return what a worker does if the record of an earlier grading has all results."""
    record = read_record(course, assignment.name, submission.student)
    return worker.run(assignment, worker.prepare(assignment, submission, record))


# ---- what a grading has left ---------------------------------------------------------------------


class Duration(NamedTuple):
    """What one submission took."""

    assignment: str
    cells_s: float  # seconds of its cells
    worker_s: float  # seconds that a worker was busy with it


def records_of(course: Path) -> list[dict[str, Any]]:
    """Return the records of all submissions that are graded in a course."""
    paths = sorted((course / KEPT / "results").glob("*/*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def cells_of(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the cells of a record, of all its notebooks."""
    for notebook in record["notebooks"].values():
        yield from notebook["cells"]


def durations(course: Path) -> list[Duration]:
    """Return how long each submission of a course took that is graded."""
    found = []
    for record in records_of(course):
        seconds = sum(cell["seconds"] for cell in cells_of(record))
        found.append(Duration(record["lesson"], round(seconds, 3), record["worker_s"]))
    return found


def stopped_cells(course: Path) -> int:
    """Return how many cells ran out of time or ended their process."""
    ends = []
    for record in records_of(course):
        ends += [cell["end"] for cell in cells_of(record)]
    return sum(map(bool, ends))


class PeakMemory:
    """The most memory that one worker had at any time, together with all processes forked from it.

    It is the proportional set size (PSS, proc_pid_smaps(5)): a page that several processes share is
    divided among them, so that what forks share counts once.
    """

    peak = 0  # bytes

    @contextlib.contextmanager
    def watch(self, pid: int) -> Iterator[None]:
        """Measure what is below the process `pid` until the block ends."""
        done = threading.Event()
        thread = threading.Thread(target=self._measure, args=(pid, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _measure(self, pid: int, done: threading.Event) -> None:
        spent = 0.01  # seconds
        while not done.wait(REST * spent):
            started = time.thread_time()
            used = memory_by_worker(pid)
            self.peak = max([self.peak, *used.values()])
            spent = time.thread_time() - started


def memory_by_worker(coordinator: int) -> Counter[int]:
    """Return {pid of a child of the coordinator: bytes of it and of all processes below it}."""
    parent = parents()
    used: Counter[int] = Counter()
    for process in parent:
        child, above = process, parent.get(process)
        while above and above != coordinator:
            child, above = above, parent.get(above)
        if above == coordinator:
            used[child] += proportional_set_size(process)
    return used


def proportional_set_size(pid: int) -> int:
    """Return the bytes of a process's memory, from /proc/PID/smaps_rollup; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


# ---- many workers --------------------------------------------------------------------------------


class Load(NamedTuple):
    """What a simulated class takes."""

    seconds: float
    workers_busy: float  # share of the time, from 0 to 1
    coordinator_busy: float


def simulate(
    taken: Sequence[Duration], coordinator: dict[str, float], workers: int, students: int = 1000
) -> Load:
    """Return what a class of `students` takes, in as many assignments as were recorded.

    Submissions are drawn from those `taken`, and handed out by the same rule as to real workers:
    two for each worker are under way. `coordinator` is what time_coordinator returns; half of a
    submission's time is spent on reading it and half on recording it.
    """
    half = coordinator["submission_ms"] / 2000
    clock = busy = 0.0
    free_at = [0.0] * workers  # a heap: when each worker has done what it was given
    ends: list[float] = []  # a heap: when the submissions under way are done
    work = draw_work(taken, coordinator, students)
    waiting = list(reversed(work))
    while waiting or ends:
        if waiting and len(ends) < 2 * workers:
            once, seconds = waiting.pop()
            clock += once + half
            busy += once + half
            end = max(clock, heapq.heappop(free_at)) + seconds
            heapq.heappush(free_at, end)
            heapq.heappush(ends, end)
        else:
            clock = max(clock, heapq.heappop(ends)) + half
            busy += half
    worked = sum(seconds for _, seconds in work)
    return Load(clock, worked / (workers * clock), busy / clock)


def draw_work(
    taken: Sequence[Duration], coordinator: dict[str, float], students: int
) -> list[tuple[float, float]]:
    """Return [(coordinator's seconds for a new assignment, worker's seconds)], in grading order."""
    draw = random.Random(0)
    recorded: dict[str, list[float]] = {}
    for each in taken:
        recorded.setdefault(each.assignment, []).append(each.worker_s)
    work = []
    for assignment in sorted(recorded):
        once = coordinator["lesson_ms"] / 1000
        for _ in range(students):
            work.append((once, draw.choice(recorded[assignment])))
            once = 0.0
    return work


def saturating_workers(taken: Sequence[Duration], coordinator: dict[str, float]) -> int:
    """Return how many workers one coordinator can keep busy with a large class."""
    mean = sum(each.worker_s for each in taken) / len(taken)
    return int(mean / (coordinator["submission_ms"] / 1000))


# ---- for people ----------------------------------------------------------------------------------


def print_comparison(measured: dict[str, Any]) -> None:
    """Print the measurements as a table."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    about = measured["class"]
    stock_s = measured["stock_s"]
    table = Table(
        title=f"{about['learners']} learners x {len(about['lessons'])} lessons "
        f"on {measured['machine']['cores']} cores",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("")
    for name in (
        "seconds",
        "times stock",
        "limit: cell time",
        "above the limit",
        "coordinator",
        "peak memory of the workers, PSS",
    ):
        table.add_column(name, justify="right")
    table.add_row("stock nbgrader", f"{stock_s:.1f}", "1")
    several = measured["stock_side_by_side"]
    table.add_row(
        f"stock nbgrader, {several['processes']} processes, each a part of the class",
        f"{several['seconds']:.1f}",
        f"{stock_s / several['seconds']:.1f}",
    )
    for run in measured["runs"].values():
        table.add_row(
            f"ours, {run['workers']} worker(s)",
            f"{run['seconds']:.1f}",
            f"{stock_s / run['seconds']:.1f}",
            f"{run['limit_s']:.1f}",
            f"{run['overhead']:.0%}",
            f"{measured['coordinator_ms']:.0f} ms each",
            f"{run['peak_mb']} MB",
        )
    for name, words in (
        ("regrade_unchanged", "again, unchanged"),
        ("regrade_changed_check", "again, one lesson with a changed check"),
    ):
        seconds = f"{measured[name]['seconds']:.1f}"
        cells = f"{measured[name]['cells']} cells ran"
        table.add_row(f"ours, {words}", seconds, "", "", "", cells)
    console = page_wide_console()
    console.print(table)
    stopped = sum(run["stopped_cells"] for run in measured["runs"].values())
    if stopped:
        console.print(
            f"{stopped} cells were stopped or ended their process: "
            "their time is not what others would take"
        )
    different = measured["differences"]
    console.print(f"Marks: {len(different)} differ" if different else "Marks: equal")
    for line in different:
        console.print(f"  {line}", soft_wrap=True)


def print_simulation(measured: dict[str, Any]) -> None:
    """Print what a class of 1,000 would take, from the measurements of compare_graders."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    console = page_wide_console()
    first = next(iter(measured["runs"].values()))
    taken = [Duration(*each) for each in first["durations"]]
    coordinator = measured["coordinator"]
    assignments = {each.assignment for each in taken}
    table = Table(
        title=f"1,000 learners x {len(assignments)} lessons, "
        f"from {len(taken)} recorded submissions",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in ("workers", "minutes", "workers at work", "coordinator at work"):
        table.add_column(name, justify="right")
    for workers in (8, 64, 256):
        load = simulate(taken, coordinator, workers)
        table.add_row(
            str(workers),
            f"{load.seconds / 60:.1f}",
            f"{load.workers_busy:.0%}",
            f"{load.coordinator_busy:.0%}",
        )
    console.print(table)
    console.print(
        f"One coordinator ({coordinator['submission_ms']:g} ms a submission, "
        f"{coordinator['lesson_ms']:g} ms a lesson) "
        f"keeps up with {saturating_workers(taken, coordinator)} workers."
    )
