"""How long grading takes: the same class with stock nbgrader and with ours, one after the other on this machine.

The class is made from the answer bank: three answers of five are the reference's, the others wrong ones and unusual right ones.
Both graders start from a lesson that is released, and both skip the cells tagged `experiment`, as nbgrader_config.py says. What no
grader can beat is the limit: the time that the cells themselves take, shared out to the workers.
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
from functools import partial
from pathlib import Path
from unittest import mock

import nbformat

from nbjudge.answers import exercises, lay_out, make_files, pack, read_bank
from nbjudge.coordinator import Options, grade
from nbjudge.coursedir import report
from nbjudge.coursedir.assignments import read_sources, register
from nbjudge.coursedir.results import KEPT, read_record
from nbjudge.coursedir.settings import gradebook_url, read_settings, write_nested_settings
from nbjudge.sandbox.host.process_table import parents
from nbjudge.worker import cluster, submission

PAUSE = 100  # times as long as a look at the memory takes, until the next: what is measured must not notice it


def bench(
    root,
    bank,
    lessons=None,
    learners=None,
    small=False,
    say=lambda line: print(line, file=sys.stderr, flush=True),
):
    """Grade a class of 24 (`small`: of four, in two lessons) with both graders; return the measurements as a dictionary."""
    root = Path(root).resolve()
    bank, learners = Path(bank).resolve(), learners or (4 if small else 24)
    lessons = (
        lessons
        or sorted(folder.name for folder in bank.glob("*/"))[slice(1, 3) if small else slice(None)]
    )
    if unknown := [lesson for lesson in lessons if not (bank / lesson).is_dir()]:
        raise ValueError(
            f"there are no answers to {', '.join(unknown)}: choose lessons that have a folder in {bank}"
        )
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="course-bench-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder).resolve()
        say(f"A class of {learners} hands in {len(lessons)} lessons")
        places = {
            name: scratch / name
            for name in ("stock", *(f"ours-{workers}" for workers in sorted({1, cores})))
        }
        a_class(root, bank, lessons, learners, places)
        runs = {}
        for name, place in list(places.items())[1:]:
            say(f"course grade with {name.partition('-')[2]} worker(s)")
            runs[name] = ours(place, lessons, int(name.partition("-")[2]))
        best, place = runs[name], place
        say("course grade, workers that answer at once")
        coordinator = at_full_speed(root, place, lessons, scratch / "again")
        say("course grade again, nothing changed")
        unchanged = command(place, lessons, cores)
        say(f"course grade again, one check of {lessons[-1]} changed")
        change_a_check(place, lessons[-1])
        changed = command(place, lessons[-1:], cores)
        say("nbgrader autograde")
        stock_s = stock(places["stock"], lessons, say)
        differ = differences(places["stock"], place, lessons)
    return {
        "stock_s": stock_s,
        "ours_s": best["seconds"],
        "ratio": round(stock_s / best["seconds"], 2),
        "limit_s": best["limit_s"],
        "overhead": best["overhead"],
        "coordinator_ms": coordinator["ms"],
        "coordinator": coordinator,
        "peak_mb": best["peak_mb"],
        "marks_equal": not differ,
        "differences": differ,
        "regrade_unchanged": unchanged,
        "regrade_changed_check": changed,
        "class": {
            "learners": learners,
            "lessons": lessons,
            "submissions": learners * len(lessons),
            "experiments": "skipped by both",
        },
        "machine": {
            "cores": cores,
            "threads of stock": os.environ.get("OMP_NUM_THREADS", "all cores"),
        },
        "runs": runs,
    }


def a_class(root, bank, lessons, learners, places):
    """Lay out the same submissions in a course for each grader, with the lessons released."""
    sources = {
        lesson: nbformat.read(root / "source" / lesson / f"{lesson}.ipynb", as_version=4)
        for lesson in lessons
    }
    jobs = []
    for lesson, source in sources.items():
        found = read_bank(bank, lesson, source)
        reference = pack(lesson, source, found)["reference"]
        for number in range(learners):
            draw = random.Random(f"{lesson} {number}")
            answers = {
                name: draw.choice(
                    [
                        answer,
                        answer,
                        answer,
                        draw.choice(found["wrong"][name] or [answer]),
                        draw.choice(found["wrong"][name] + found["right"][name] or [answer]),
                    ]
                )
                for name, answer in reference.items()
            }
            jobs.append((lesson, f"learner-{number:02d}", answers))
    with tempfile.TemporaryDirectory(prefix="course-files-") as files:
        make_files(bank, lessons, Path(files))
        first, *others = places.values()
        first.mkdir()
        lay_out(root, first, sources, jobs, Path(files))
    for lesson in lessons:
        finished([sys.executable, "-m", "nbgrader", "generate_assignment", lesson], first)
    for other in others:
        shutil.copytree(first, other)
        write_nested_settings(root, other)


def finished(line, place):
    """Run a command in a folder and return what it printed. Raises ValueError with the end of its log where it fails."""
    done = subprocess.run(line, cwd=place, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"`{' '.join(line)}` failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def stock(place, lessons, say):
    started = time.monotonic()
    for lesson in lessons:
        finished([sys.executable, "-m", "nbgrader", "autograde", lesson], place)
        say(f"  {lesson} done after {time.monotonic() - started:.0f} s")
    return round(time.monotonic() - started, 2)


def command(place, lessons, workers, watch=contextlib.nullcontext):
    """`course grade` as an instructor runs it; return {"seconds", "cells" that ran, "coordinator_s"}."""
    line = [
        sys.executable,
        "-m",
        "nbjudge",
        "grade",
        *lessons,
        "--root",
        str(place),
        "--workers",
        str(workers),
        "--json",
    ]
    started = time.monotonic()
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        with watch(process.pid):
            printed, log = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode:
        raise ValueError(f"`course grade` failed:\n{log[-2000:]}{printed[-2000:]}")
    end = json.loads(printed.splitlines()[-1])
    return {
        "seconds": round(seconds, 2),
        "cells": end["cells"],
        "coordinator_s": end["coordinator_s"],
    }


def ours(place, lessons, workers):
    memory = Memory()
    found = command(place, lessons, workers, memory.watch)
    taken, stopped = durations(place), sum(bool(cell["end"]) for cell in cells_of(place))
    limit = sum(seconds for _, seconds, _ in taken) / workers
    return found | {
        "workers": workers,
        "limit_s": round(limit, 2),
        "overhead": round(found["seconds"] / limit - 1, 3),
        "peak_mb": memory.peak >> 20,
        "stopped_cells": stopped,
        "durations": taken,
    }


def at_full_speed(root, place, lessons, again):
    """The coordinator's own work while it is never waited for and never waits, as {"ms": milliseconds for a submission of this class,
    "lesson_ms", "submission_ms": what of that comes once a lesson, and with each submission}.

    All that is graded in the course `place` is graded into an empty gradebook by workers that find their answers in its records, and
    so give them at once, several together as those of a cluster do: first all learners but one, then that one.
    """
    shutil.copytree(place, again, ignore=shutil.ignore_patterns("gradebook.db", "autograded", KEPT))
    write_nested_settings(root, again)
    (again / KEPT).mkdir()
    for lesson in lessons:
        register(read_settings(again), lesson, read_sources(again, lesson)[0])
    last, *others = sorted((path.name for path in (again / "submitted").iterdir()), reverse=True)
    with (
        mock.patch.object(cluster, "grade_submission", partial(from_record, place)),
        mock.patch.object(cluster, "warming", lambda client, _: client),
    ):
        many, few = (
            grade(again, lessons, learners, Options(workers=4 * cluster.THREADS))
            for learners in (others, [last])
        )
    each = (many.work - few.work) / (len(many.graded) - len(few.graded))
    lesson = (many.work - each * len(many.graded)) / len(lessons)
    return {
        "ms": round(1000 * many.work / len(many.graded), 1),
        "lesson_ms": round(1000 * lesson, 1),
        "submission_ms": round(1000 * each, 1),
    }


def from_record(place, assignment, handed_in):
    record = read_record(place, assignment.name, handed_in.student)
    return submission.run(assignment, submission.prepare(assignment, handed_in, record))


def records_of(place):
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((place / KEPT / "results").glob("*/*.json"))
    ]


def cells_of(place):
    return [
        cell
        for record in records_of(place)
        for kept in record["notebooks"].values()
        for cell in kept["cells"]
    ]


def durations(place):
    """[(lesson, seconds of its cells, seconds that a worker was busy with it)] of all submissions that are graded in a course."""
    return [
        (
            record["lesson"],
            round(
                sum(
                    cell["seconds"]
                    for kept in record["notebooks"].values()
                    for cell in kept["cells"]
                ),
                3,
            ),
            record["worker_s"],
        )
        for record in records_of(place)
    ]


class Memory:
    """The most memory that a worker has had together with all that is forked from it: proportional set size (PSS), so that pages
    which forks share count once."""

    peak = 0

    @contextlib.contextmanager
    def watch(self, pid):
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(pid, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, pid, done):
        spent = 0.01
        while not done.wait(PAUSE * spent):
            started, above, used = time.thread_time(), parents(), Counter()
            for process in above:
                line = [process]
                while line[-1] != pid and above.get(line[-1]):
                    line.append(above[line[-1]])
                if line[-1] == pid and len(line) > 1:
                    used[line[-2]] += pss(process)
            self.peak = max([self.peak, *used.values()])
            spent = time.thread_time() - started


def pss(pid):
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def change_a_check(place, lesson):
    """What an instructor does who has found a mistake: another line in the lesson's last check."""
    path = place / "source" / lesson / f"{lesson}.ipynb"
    source = nbformat.read(path, as_version=4)
    list(exercises(source).values())[-1].source += "\nassert True"
    nbformat.write(source, path)


def differences(one, other, lessons):
    """Sentences on every mark that is not the same in both courses."""
    found = []
    for lesson in lessons:
        first, second = (
            report.marks(place, lesson, gradebook_url(place)) for place in (one, other)
        )
        for learner, row in first.items():
            for name in {*row, *second.get(learner, {})}:
                here, there = (
                    None if mark is None else mark.points
                    for mark in (row.get(name), second.get(learner, {}).get(name))
                )
                if here != there:
                    found.append(
                        f"{lesson} {learner} {name}: {here} with stock nbgrader, {there} with ours"
                    )
    return sorted(found)


# ---- many workers ----------------------------------------------------------------------------------------------------------


def simulate(taken, coordinator, workers, learners=1000):
    """(seconds, share of the time in which workers work, share in which the coordinator does) for a class of `learners` in as
    many lessons as were recorded, by the same rule as on real workers: two submissions for each are under way.

    `taken`: [(lesson, seconds of cells, seconds of a worker)]. `coordinator`: what at_full_speed says; half of a submission's time
    goes into reading it and half into recording it.
    """
    draw, work = random.Random(0), []
    for lesson in sorted({lesson for lesson, *_ in taken}):
        seconds = [each for name, _, each in taken if name == lesson]
        work += [
            (coordinator["lesson_ms"] / 1000 * (number == 0), draw.choice(seconds))
            for number in range(learners)
        ]
    half, clock, busy, sent = coordinator["submission_ms"] / 2000, 0.0, 0.0, 0
    free, running = [0.0] * workers, []
    while sent < len(work) or running:
        if sent < len(work) and len(running) < 2 * workers:
            once, seconds = work[sent]
            clock, busy = clock + once + half, busy + once + half
            end = max(clock, heapq.heappop(free)) + seconds
            heapq.heappush(free, end)
            heapq.heappush(running, end)
            sent += 1
        else:
            clock, busy = max(clock, heapq.heappop(running)) + half, busy + half
    return clock, sum(seconds for _, seconds in work) / (workers * clock), busy / clock


def saturates(taken, coordinator):
    """The number of workers that one coordinator can keep busy with a large class."""
    return int(
        sum(seconds for *_, seconds in taken) / len(taken) / (coordinator["submission_ms"] / 1000)
    )


# ---- for people ------------------------------------------------------------------------------------------------------------


def show(found):
    """Print the measurements as tables."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    console = report.page_wide_console()
    about = found["class"]
    table = Table(
        title=f"{about['learners']} learners x {len(about['lessons'])} lessons on {found['machine']['cores']} cores, experiments skipped by both",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in (
        "",
        "seconds",
        "times stock",
        "limit: cell time",
        "above the limit",
        "coordinator",
        "peak memory of the workers, PSS",
    ):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("stock nbgrader", f"{found['stock_s']:.1f}", "1", "", "", "", "")
    for run in found["runs"].values():
        table.add_row(
            f"ours, {run['workers']} worker(s)",
            f"{run['seconds']:.1f}",
            f"{found['stock_s'] / run['seconds']:.1f}",
            f"{run['limit_s']:.1f}",
            f"{run['overhead']:.0%}",
            f"{found['coordinator_ms']:.0f} ms each",
            f"{run['peak_mb']} MB",
        )
    for name, words in (
        ("regrade_unchanged", "again, unchanged"),
        ("regrade_changed_check", "again, one lesson with a changed check"),
    ):
        table.add_row(
            f"ours, {words}",
            f"{found[name]['seconds']:.1f}",
            "",
            "",
            "",
            f"{found[name]['cells']} cells ran",
            "",
        )
    console.print(table)
    if stopped := sum(run["stopped_cells"] for run in found["runs"].values()):
        console.print(
            f"{stopped} cells were stopped or ended their process: their time is not what others would take"
        )
    console.print(
        "Marks: " + ("equal" if found["marks_equal"] else f"{len(found['differences'])} differ")
    )
    for line in found["differences"]:
        console.print(f"  {line}", soft_wrap=True)


def show_simulation(found):
    """Print what a class of 1,000 would take, from the measurements that `course bench --json` has written."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    console, taken = (
        report.page_wide_console(),
        [tuple(each) for run in list(found["runs"].values())[:1] for each in run["durations"]],
    )
    table = Table(
        title=f"1,000 learners x {len({lesson for lesson, *_ in taken})} lessons, from {len(taken)} recorded submissions",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in ("workers", "minutes", "workers at work", "coordinator at work"):
        table.add_column(name, justify="right")
    for workers in (8, 64, 256):
        seconds, use, load = simulate(taken, found["coordinator"], workers)
        table.add_row(str(workers), f"{seconds / 60:.1f}", f"{use:.0%}", f"{load:.0%}")
    console.print(table)
    console.print(
        f"One coordinator ({found['coordinator']['submission_ms']:g} ms a submission, {found['coordinator']['lesson_ms']:g} ms a lesson) "
        f"keeps up with {saturates(taken, found['coordinator'])} workers."
    )
