"""Running one submission's cells: a pure function of the job, so that its result can be kept and used again.

`Pool` holds this process's warm parent and the lessons' starts; `Pool.run(job)` drives one submission in a room of its own.
"""
import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from course.grading import confine, runner

PATIENCE = 2.0  # seconds between an interrupt and the end of a process that does not heed it
STARTS = 2  # lessons whose starts are kept
RESTARTS = 5  # cells that may take the whole notebook with them before the rest is given up


class Step(NamedTuple):
    """A code cell to run. `alone`: it sets nothing that a later cell uses, so it can run in a fork; only checks can."""

    name: str
    source: str
    kind: str  # given, answer, added or check
    alone: bool = False
    uses: tuple = ()  # the notebook's names that a check reads


class Job(NamedTuple):
    """All that decides what comes out of a submission's cells."""

    steps: tuple
    files: dict  # {relative name: bytes}, what lies beside the notebook
    own: tuple  # top-level packages of the instructor's, outside the installed ones
    imports: tuple  # modules that the lesson imports
    start_files: dict  # the lesson's own files; a start is shared where `files` are just these
    seed: int = 0
    timeout: float = 120  # seconds a cell
    total: float = 1200  # seconds all cells together
    limits: tuple = tuple(confine.Limits())
    hidden: tuple = ()  # folders of the outside that must not be seen
    confined: bool = True
    threads: int = 1
    kernel: str = ""  # the name of an ordinary Jupyter kernel to use instead of a room


class Done(NamedTuple):
    """How a cell ended: `end` is "" for one that ran to its end, well or not, else what stopped it."""

    well: bool
    score: float | None
    outputs: list
    seconds: float
    notes: list
    end: str = ""


class Lost(RuntimeError):
    """The room was lost, through no cell's fault that could be named."""


class Pool:
    """The warm parent of this process. Close it, or leave the `with` block, and all its processes are gone."""

    def __init__(self):
        self.parent = self.sock = self.key = None
        self.starts = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for start in list(self.starts):
            self._end_start(start)
        if self.parent:
            self.sock.close()
            self.parent.kill()
            self.parent.wait()
        self.parent = None

    def _warm(self, job):
        """The warm parent for the job, started anew where it is gone or has imported other things."""
        key = (job.imports, job.threads)
        if self.parent and self.parent.poll() is None and self.key == key:
            return
        self.close()
        self.sock, theirs = socket.socketpair()
        threads = {name: str(job.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        places = os.pathsep.join(dict.fromkeys(path for path in sys.path if path))
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "course.grading.warm", str(theirs.fileno()), json.dumps(job.imports)], pass_fds=[theirs.fileno()],
            env=confine.PLAIN | threads | {"PYTHONPATH": places, "HOME": tempfile.gettempdir()}, stdin=subprocess.DEVNULL)
        theirs.close()
        self.key = key

    def _fork(self, sock, order):
        """Ask for a fork; return (pid, socket to it)."""
        ours, theirs = socket.socketpair()
        runner.send(sock, order, [theirs.fileno()])
        theirs.close()
        said = runner.receive(sock)
        if said is None:
            raise Lost("the process that forks is gone")
        return said["pid"], ours

    def _start(self, job, prefix):
        """(socket, pages) of the lesson's start after the given cells in `prefix`; None where it cannot be shared."""
        key = (prefix, tuple(sorted(job.start_files)), job.seed)
        if key not in self.starts:
            while len(self.starts) >= STARTS:
                self._end_start(next(iter(self.starts)))
            pid, sock = self._fork(self.sock, {"cells": prefix, "files": packed(job.start_files), "own": job.own, "seed": job.seed})
            sock.settimeout(job.timeout * (len(prefix) + 1))
            try:
                said = runner.receive(sock)
            except OSError:
                said = None
            sock.settimeout(None)
            if not said or "problem" in said:
                said = {"well": False, "outputs": [], "name": ""}
            self.starts[key] = pid, sock, said
        return self.starts[key]

    def _end_start(self, key):
        pid, sock, said = self.starts.pop(key)
        sock.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if said["name"]:
            shutil.rmtree(said["name"], ignore_errors=True)

    def run(self, job):
        """Run the job's steps; return a Done for each. Raises confine.NoRoom and Lost."""
        for attempt in range(3):
            try:
                return self._run(job)
            except (Lost, OSError, ValueError) as problem:  # the warm parent was killed, perhaps for want of memory
                self.close()
                if isinstance(problem, confine.NoRoom) or attempt == 2:
                    raise

    def _run(self, job):
        self._warm(job)
        prefix = shared_prefix(job)
        _, sock, said = self._start(job, prefix)
        if not said["well"]:
            prefix = ()
            _, sock, said = self._start(job, prefix)
            if not said["well"]:
                raise Lost("an empty notebook does not start")
        done = {place: Done(True, None, page, 0, []) for place, page in enumerate(said["outputs"])}
        ends = time.monotonic() + job.total
        for _ in range(RESTARTS):  # a cell that takes the notebook's process with it is left out when the rest runs again
            with Room(self, sock, job, None if prefix else job.seed) as room:
                for place, step in enumerate(job.steps):
                    if place < len(prefix) or (place in done and (step.alone or done[place].end in DEADLY)):
                        continue
                    done[place] = room.step(step, min(job.timeout, ends - time.monotonic()))
                    if room.over or time.monotonic() > ends:
                        break
            if not room.over or time.monotonic() > ends:
                break
        given_up = ended("given up", job.timeout, 0)
        return [done.get(place, given_up) for place in range(len(job.steps))]


class Room:
    """A submission's process, seen from outside."""

    def __init__(self, pool, sock, job, seed):
        self.base = tempfile.mkdtemp(prefix="course-room-")
        order = {"files": packed(job.files), "base": self.base, "hidden": job.hidden, "limits": job.limits, "confined": job.confined, "seed": seed}
        self.pid, self.sock = pool._fork(sock, order)
        self.limits, self.confined, self.over = confine.Limits(*job.limits), job.confined, False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        for pid in [*family(self.pid), self.pid]:  # the room's first process takes all others with it
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    def step(self, step, timeout):
        """Run one cell and return how it ended; `over` says that the process is gone with it."""
        word = secrets.token_hex(16)
        started, end, asked = time.monotonic(), "", None
        try:
            runner.send(self.sock, {"run": step.source, "name": step.name, "kind": step.kind, "alone": step.alone, "uses": step.uses, "word": word})
            said = waiting = None
            while said is None or waiting:
                try:
                    message = self._message(started, timeout, asked)
                except TimeoutError:
                    if asked is None:  # first a question, as Jupyter's stop button asks it
                        asked, end = time.monotonic(), "time"
                        self._signal(step, signal.SIGINT)
                        continue
                    if step.alone and end == "time":
                        end, asked = "time, not heeded", time.monotonic()
                        self._signal(step, signal.SIGKILL)
                        continue
                    return self._stopped("time, not heeded", timeout, started)
                if message is None:
                    return self._stopped(end or "died", timeout, started)
                if message.get("problem"):
                    raise confine.NoRoom(message["problem"])
                if not secrets.compare_digest(str(message.get("word")), word):
                    return self._stopped("forged", timeout, started)
                if "ended" in message:
                    if said is None:
                        said = ended(end or "died", timeout, time.monotonic() - started)
                    waiting = False
                elif said is None:
                    said, waiting = as_done(message, end, timeout), step.alone
            for left in family(self._first()):
                said.notes.append("it left a process running")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            return said
        except (OSError, ValueError) as problem:
            if isinstance(problem, confine.NoRoom):
                raise
            return self._stopped("died", timeout, started)

    def _message(self, started, timeout, asked):
        """The next message; TimeoutError when the cell's time is up, and PATIENCE after it was asked to stop."""
        ends = started + timeout if asked is None else asked + PATIENCE
        self.sock.settimeout(0.5)
        while True:
            try:
                peek = self.sock.recv(1, socket.MSG_PEEK)
                if peek:
                    self.sock.settimeout(30)
                    return runner.receive(self.sock)
                return None
            except TimeoutError:
                if len(family(self.pid)) > self.limits.processes:
                    self.sock.close()
                    return None
                if time.monotonic() > ends:
                    raise

    def _signal(self, step, number):
        """Send a signal to the process that runs the cell: a check runs in a child of the room's first process."""
        first = self._first()
        for pid in (children(first) if step.alone else [first]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _first(self):
        """The process that runs the notebook; a room is one inside the process that watches over it."""
        return (children(self.pid) or [self.pid])[0] if self.confined else self.pid

    def _stopped(self, end, timeout, started):
        self.over = True
        return ended(end, timeout, time.monotonic() - started)


ENDS = {
    "died": ("DeadKernelError", "the process ended in this cell: os._exit, a crash, too many processes, or no memory left"),
    "forged": ("DeadKernelError", "what came back was not this cell's result: the notebook tried to answer in its place"),
    "given up": ("DeadKernelError", "the cells before this one ended the notebook's process too often, or took all its time"),
    "time": ("CellTimeoutError", "the cell was stopped after {timeout:g} s"),
    "time, not heeded": ("CellTimeoutError", "the cell was stopped after {timeout:g} s; it did not heed an interrupt and its process was ended"),
}


DEADLY = ("died", "forged", "time, not heeded")


def ended(end, timeout, seconds, notes=()):
    name, words = ENDS[end]
    return Done(False, None, [failure(name, words.format(timeout=timeout))], seconds, list(notes), end)


def as_done(message, end, timeout):
    """A Done from a message of the room, with every field of the type it should have: it comes from code that nobody has read."""
    score = message.get("score")
    outputs = [clean for output in message.get("outputs") or [] if (clean := as_output(output))]
    notes = [str(note)[:300] for note in message.get("notes") or []]
    if end:
        return Done(False, None, outputs + ended(end, timeout, 0).outputs, float(message["seconds"]), notes, end)
    return Done(message.get("well") is True, score if isinstance(score, float) else None, outputs, float(message["seconds"]), notes)


def as_output(raw):
    """An output of nbformat with just the fields that its kind has; None for anything else."""
    if not isinstance(raw, dict):
        return None
    texts = {key: raw[key] for key in ("name", "text", "ename", "evalue") if isinstance(raw.get(key), str)}
    match raw.get("output_type"):
        case "stream" if {"name", "text"} <= set(texts):
            return {"output_type": "stream", "name": "stderr" if texts["name"] == "stderr" else "stdout", "text": texts["text"]}
        case "error" if {"ename", "evalue"} <= set(texts):
            lines = [str(line) for line in raw.get("traceback") or []]
            return {"output_type": "error", "ename": texts["ename"], "evalue": texts["evalue"], "traceback": lines}
        case "display_data" | "execute_result" as kind if isinstance(raw.get("data"), dict):
            metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
            return {"output_type": kind, "data": raw["data"], "metadata": metadata} | ({"execution_count": None} if kind == "execute_result" else {})
    return None


def failure(name, words):
    return {"output_type": "error", "ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}


def packed(files):
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def shared_prefix(job):
    """Sources of the given cells before anything of the learner's; () where the learner's files differ from the lesson's."""
    if job.files != job.start_files:
        return ()
    sources = []
    for step in job.steps:
        if step.kind != "given":
            break
        sources.append(step.source)
    return tuple(sources)


def parents():
    """{pid: parent's pid} of all processes; empty where there is no /proc."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":  # a zombie runs no more
                found[int(entry.name)] = int(parent)
    return found


def children(pid):
    return [child for child, parent in parents().items() if parent == pid]


def family(pid):
    """All descendants, the nearest first."""
    table, found, level = parents(), [], [pid]
    while level:
        level = [child for child, parent in table.items() if parent in level]
        found += level
    return found
