"""Hand in what nobody would, many times, and see that each time there are marks or one sentence.

    python nbjudge/tests/fuzz.py 100000 [SEED]

A case is a submission whose notebook, names, files, kept results and outputs were changed at
random. Cases are graded in classes of a thousand with everything but the cells themselves: instead
of running them, junk comes out of the sandbox. In each class one honest student must have the marks
that he earned.
"""

import contextlib
import copy
import json
import os
import pickle
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from classroom import (
    ANSWERS,
    LESSON,
    answered,
    doubled,
    hand_in,
    make_course,
    old_format,
    points,
    split,
)
from nbjudge.coordinator import grade
from nbjudge.coursedir.results import record_of
from nbjudge.grading import running
from nbjudge.grading.options import Options
from nbjudge.job import Job, Result, Results
from nbjudge.sandbox.host.results import parse_message, result_of, stopped
from nbjudge.worker import submission as worker
from nbjudge.worker.threads import Task

CLASS = 1000  # cases that are graded together
HONEST = "honest"
FAST = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a folder in memory
UNFORESEEN = (
    "cannot be read (",
    "cannot be read or prepared",
    "cannot be recorded",
    "cannot be written",
    "no worker could run it",
)
NAMES = [
    f"{LESSON}.ipynb",
    "timestamp.txt",
    "data.csv",
    "json.py",
    "caf\u00e9.txt",
    os.fsdecode(b"caf\xe9.txt"),
    "a b\n.txt",
    "[red]x.py",
    "-rf",
    ".hidden",
    "x" * 200,
    "sub/data.csv",
    "sub/__init__.py",
    "\u202egnp.exe",
    "nbgrader_config.py",
]
TEXTS = [
    "",
    "\ud800",
    "code",
    "markdown",
    "x = '\udfff'",
    "def add(:",
    "%%bash",
    "\x00",
    "\x1b[2J",
    "add",
    "check-add",
    "\n",
    "### BEGIN HIDDEN TESTS",
    "### END SOLUTION",
    "<script>alert(1)</script>",
    "[red]",
    "a" * 5000,
]
NUMBERS: list[Any] = [None, True, 0, -1, 2**70, 0.5, 1e400, float("nan"), -0.0]
STARTS = [
    json.loads(json.dumps(notebook))
    for notebook in (answered(), split(answered()), doubled(answered()))
]
STARTS.append(json.loads(old_format(answered())))
STARTS[0]["cells"][1]["attachments"] = {"a.png": {"image/png": "AAAA"}}


class Draw(random.Random):
    """Random choices among what is odd."""

    def text(self) -> str:
        """A text that is odd, or a short one of any characters."""
        if self.random() < 0.7:
            return self.choice(TEXTS)
        return "".join(chr(self.randrange(0x11000)) for _ in range(self.randrange(6)))

    def junk(self, levels: int = 3) -> Any:
        """Any value that JSON can hold, nested at most so deep."""
        kind = self.randrange(4 if levels else 2)
        if kind == 0:
            return self.choice(NUMBERS)
        if kind == 1:
            return self.text()
        some = range(self.randrange(4))
        if kind == 2:
            return [self.junk(levels - 1) for _ in some]
        return {self.text(): self.junk(levels - 1) for _ in some}

    def changed(self, value: Any, times: int) -> Any:
        """A copy of parsed JSON that was changed in some places."""
        whole = [copy.deepcopy(value)]
        depths = [1, 60, 300]  # deeper could not be written down
        for _ in range(times):
            *way, last = self.choice(list(places(whole))[1:])
            parent: Any = whole
            for key in way:
                parent = parent[key]
            change = self.randrange(5)
            if change == 0 and way:
                del parent[last]
            elif change == 1 and isinstance(parent, list) and way:
                parent.insert(last, copy.deepcopy(parent[last]))
            elif change == 2:
                depth = self.choice(depths)
                depths = [1] if depth > 1 else depths
                for _ in range(depth):
                    parent[last] = [parent[last]]
            elif change == 3 and isinstance(parent, dict):
                parent[self.text()] = parent.pop(last)
            else:
                parent[last] = self.junk()
        return whole[0]

    def cut(self, data: bytes) -> bytes:
        """The data, now and then without their end and with other bytes in its place."""
        if self.random() < 0.1:
            return data[: self.randrange(len(data))] + self.randbytes(self.randrange(4))
        return data


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in parsed JSON."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))
        else:
            yield (*path, key)


def hand_in_junk(root: Path, student: str, draw: Draw) -> None:
    """Hand in a changed notebook, with odd things beside it and an odd record of an earlier run."""
    notebook = draw.changed(draw.choice(STARTS), draw.randrange(5))
    name = f"{LESSON}.ipynb" if draw.random() < 0.9 else draw.choice(NAMES[4:9])
    folder = root / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    (folder / name).write_bytes(draw.cut(json.dumps(notebook).encode()))
    while draw.random() < 0.4:
        place = folder / draw.choice(NAMES)
        if not os.path.lexists(place):
            make_odd(place, draw)
    if draw.random() < 0.1:
        record = record_of(root, LESSON, student)
        record.parent.mkdir(parents=True, exist_ok=True)
        earlier = {"notebooks": {LESSON: {"results": {"key": stopped("died", 1, 1)._asdict()}}}}
        text = json.dumps(draw.changed(earlier, draw.randrange(4)))
        record.write_bytes(draw.cut(text.encode()))


def make_odd(place: Path, draw: Draw) -> None:
    """Make something at a place that nobody expects there."""
    place.parent.mkdir(exist_ok=True)
    kind = draw.randrange(8)
    if kind == 0:
        os.mkfifo(place)
    elif kind == 1:
        place.symlink_to(draw.choice(["/etc/passwd", "nowhere", "..", place.name]))
    elif kind == 2:
        place.mkdir()
    elif kind == 3:
        place.write_bytes(draw.randbytes(draw.randrange(50)))
    else:
        place.write_bytes(draw.text().encode("utf-8", "surrogatepass"))


def junk_results(job: Job, draw: Draw) -> list[Result]:
    """What might come out of a sandbox for each of the job's steps."""
    results = []
    for _ in job.steps:
        answer = {"well": True, "score": None, "outputs": OUTPUTS, "seconds": 0.1, "notes": ["a"]}
        message = draw.changed(answer, draw.randrange(4))
        try:
            parsed = parse_message(draw.cut(json.dumps(message).encode()))
            results.append(result_of(parsed, "", 30))
        except (ValueError, TypeError, KeyError):  # what the session expects of nonsense
            results.append(stopped("died", 30, 1))
    return results


OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": "one\n"},
    {"output_type": "error", "ename": "E", "evalue": "why\n[a-code]", "traceback": ["a", "b"]},
    {"output_type": "display_data", "data": {"text/plain": "x", "a/b": [1]}, "metadata": {"a": {}}},
    {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}},
]


def run_here(client: None, tasks: Iterable[Task]) -> Iterator[list[Any]]:
    """Run tasks in this thread, without Dask, and yield what run_tasks yields."""
    for task in tasks:
        try:
            result: Any = worker.grade_submission(pickle.loads(task.assignment), task.submission)
        except Exception as problem:
            result = problem
        yield [(task.name, result)]


def grade_class(root: Path, cases: int, draw: Draw) -> list[str]:
    """Grade so many cases in a new course; return what went wrong, in sentences."""
    make_course(root)
    hand_in(root, HONEST, answered())
    students = [f"case-{number}" for number in range(cases)]
    for student in students:
        hand_in_junk(root, student, draw)

    def run_job(job: Job) -> Results:
        if {step.source for step in job.steps} >= {*ANSWERS.values()} and not job.files:
            return Results([Result(True, None, [], 0, []) for _ in job.steps])
        return Results(junk_results(job, draw))

    in_a_sandbox, worker.run_job = worker.run_job, run_job
    try:
        outcome = grade(root, [LESSON], options=Options(workers=1))
    finally:
        worker.run_job = in_a_sandbox
    graded = {student for _, student in outcome.graded}
    refused = {finding.student for finding in outcome.findings if finding.blocks}
    wrong = [
        f"{student}: neither marks nor a sentence" for student in set(students) - graded - refused
    ]
    for finding in outcome.findings:
        if any(words in finding.says for words in UNFORESEEN) or not is_sentence(finding.says):
            wrong.append(f"{finding.student}: {finding.says[:300]!r}")
    if points(root, HONEST) != [2, 2]:
        wrong.append(f"the honest student has {points(root, HONEST)}")
    for student in sorted(graded)[::10]:  # validation takes longer than all the rest
        path = root / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        try:
            nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
        except Exception as problem:
            wrong.append(f"{student}: the graded notebook is none: {str(problem)[:300]}")
    return wrong


def is_sentence(text: str) -> bool:
    """Whether this is one line of valid UTF-8 that a person would read to its end."""
    return text.isprintable() and len(text.encode("utf-8", "replace")) < 1000


def fuzz(cases: int, seed: int) -> list[str]:
    """Grade so many cases; return what went wrong, each with the number of its class."""
    wrong = []
    started = time.monotonic()
    for number, first in enumerate(range(0, cases, CLASS)):
        draw = Draw(f"{seed} {number}")
        with tempfile.TemporaryDirectory(prefix="nbjudge-fuzz-", dir=FAST) as folder:
            size = min(CLASS, cases - first)
            try:
                found = grade_class(Path(folder, "course"), size, draw)
            except Exception as problem:  # one case has ended the grading of all
                found = [f"the grading ended: {type(problem).__name__}: {str(problem)[:500]}"]
        for sentence in found:
            wrong.append(f"class {number}: {sentence}")
            print(wrong[-1], flush=True)
        done = first + size
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        spent = time.monotonic() - started
        print(f"{done:,} cases, {len(wrong)} wrong, {spent:.0f} s, {memory} MB", flush=True)
    return wrong


def main() -> int:
    """Run from the command line; return the exit status."""
    running.workers_of = lambda *_: contextlib.nullcontext()
    running.run_tasks = run_here
    cases = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    wrong = fuzz(cases, seed)
    print(f"{cases:,} cases: {len(wrong)} with neither marks nor one sentence")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
