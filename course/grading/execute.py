"""Running one submission's cells: a pure function of the job, so that its result can be kept and used again.

`Pool` holds this process's warm parent and the lessons' starts; `Pool.run(job)` drives one submission in a room of its own.
"""
import ast
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
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from course.grading import confine, runner

PATIENCE = 2.0  # seconds between an interrupt and the end of a process that does not heed it
STARTS = 2  # lessons whose starts are kept
LARGEST = 64 << 20  # bytes of a message out of a room
RESTARTS = 5  # cells that may take the whole notebook with them before the rest is given up


class Step(NamedTuple):
    """A code cell to run. `alone`: it sets nothing that a later cell uses, so it can run in a fork; only checks can."""

    name: str
    source: str
    kind: str  # given, answer, added or check
    alone: bool = False
    uses: tuple = ()  # the notebook's names that a check reads
    means: tuple = ()  # names of builtins by which a check means Python's own


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
    kernel: str = ""  # the name of an ordinary Jupyter kernel to use instead of a room
    packages: tuple = ()  # top-level ones that a worker imports once, for all lessons


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
        self.parent = self.sock = None
        self.packages, self.starts = set(), {}

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
        """The warm parent for the job, started anew where it is gone or lacks a package. It imports packages and none of their
        parts, and nothing of the instructor's: a lesson that does not use a package does not notice that it is there."""
        packages = set(job.packages)
        if self.parent and self.parent.poll() is None and packages <= self.packages:
            return
        self.close()
        self.packages |= packages
        self.sock, theirs = socket.socketpair()
        places = os.pathsep.join(dict.fromkeys(path for path in sys.path if path))
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "course.grading.warm", str(theirs.fileno()), json.dumps(sorted(self.packages))], pass_fds=[theirs.fileno()],
            env=confine.PLAIN | {"PYTHONPATH": places, "HOME": tempfile.gettempdir()}, stdin=subprocess.DEVNULL)
        theirs.close()

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
        key = (prefix, job.imports, tuple(sorted(job.start_files.items())), job.seed)
        if key not in self.starts:
            while len(self.starts) >= STARTS:
                self._end_start(next(iter(self.starts)))
            pid, sock = self._fork(self.sock, {"cells": prefix, "imports": job.imports, "files": packed(job.start_files), "own": job.own, "seed": job.seed})
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
        order = {"files": packed(job.files), "base": self.base, "hidden": job.hidden, "limits": job.limits, "confined": job.confined, "seed": seed,
                 "key": (key := secrets.token_bytes(32)).hex()}
        self.key, self.number, self.buffer, self.look, self.held = key, 0, b"", 0.0, 0
        self.pid, self.sock = pool._fork(sock, order)
        self.limits, self.confined, self.over = confine.Limits(*job.limits), job.confined, False
        self.first = None

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
            order = {"run": step.source, "name": step.name, "kind": step.kind, "alone": step.alone, "uses": step.uses, "word": word,
                     "code": code_of(step) if step.kind == "check" else []}
        except SyntaxError as problem:
            return Done(False, None, [failure("SyntaxError", str(problem))], 0, [])
        try:
            self._send(order)
            said = waiting = None
            while said is None or waiting:
                try:
                    message = self._message(started + timeout if asked is None else asked + PATIENCE)
                except TimeoutError:
                    if asked is None:  # first a question, as Jupyter's stop button asks it
                        asked, end = time.monotonic(), "time"
                        self._signal(step, signal.SIGINT)
                        continue
                    if step.kind == "check" and end == "time":
                        end, asked = "time, not heeded", time.monotonic()
                        self._signal(step, signal.SIGKILL)
                        continue
                    return self._stopped("time, not heeded", timeout, started)
                if message is None:
                    return self._stopped(end or "died", timeout, started)
                if not secrets.compare_digest(str(message.get("word")).encode(), word.encode()):
                    return self._stopped("forged", timeout, started)
                if "ended" in message:
                    if said is None:
                        said = ended(end or "died", timeout, time.monotonic() - started)
                    waiting = False
                elif said is None:
                    said, waiting = as_done(message, end, timeout), step.kind == "check"
            if self._sweep():
                said.notes.append("it left a process running")
            return said
        except (OSError, ValueError) as problem:
            if isinstance(problem, confine.NoRoom):
                raise
            return self._stopped("died", timeout, started)

    def _send(self, order):
        if not self.number:  # before any of the learner's code, and only then, can it say that there is no room
            message = self._message(time.monotonic() + 60)
            if message is None or "ready" not in message:
                raise confine.NoRoom(message["problem"]) if message else Lost("the room was lost before its first cell")
            self.held = held(self._first())
        self.sock.settimeout(30)
        self.sock.sendall(runner.sealed(order, self.key, self.number))
        self.number += 1

    def _message(self, ends):
        """The next message, as a dictionary; None where the room is gone or takes too much.

        Raises TimeoutError at the time `ends`, however slowly something comes in, and ValueError for what is no message.
        """
        self.sock.settimeout(0.2)
        while True:
            length = int.from_bytes(self.buffer[:8], "big") if len(self.buffer) >= 8 else 0
            if length > LARGEST:
                raise ValueError(f"a message of {length} bytes")
            if len(self.buffer) >= 8 + length > 8:
                data, self.buffer = self.buffer[8:8 + length], self.buffer[8 + length:]
                return as_message(data)
            if time.monotonic() > ends:
                raise TimeoutError
            if time.monotonic() > self.look:
                self.look = time.monotonic() + 0.5
                if self._takes_too_much():
                    return None
            with contextlib.suppress(TimeoutError):
                part = self.sock.recv(1 << 20)
                if not part:
                    return None
                self.buffer += part

    def _takes_too_much(self):
        """Whether all its processes together are too many, or hold more memory than one may, above what each had from the start."""
        pids = family(self.pid)
        return len(pids) > self.limits.processes or sum(max(0, held(pid) - self.held) for pid in pids) > self.limits.memory

    def _sweep(self):
        """End what a cell has left running; return whether there was anything. Raises ValueError where that has no end."""
        for attempt in range(100):
            left = family(self._first())
            if not left:
                return attempt > 0
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005 * attempt)
        raise ValueError("its processes multiply faster than they can be ended")

    def _signal(self, step, number):
        """Send a signal to the process that runs the cell: a check runs in a child of the room's first process."""
        first = self._first()
        for pid in (step.kind == "check" and children(first)) or [first]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _first(self):
        """The process that runs the notebook; a room is one inside the process that watches over it."""
        if self.first is None and (inside := children(self.pid) if self.confined else [self.pid]):
            self.first = inside[0]
        return self.first or self.pid

    def _stopped(self, end, timeout, started):
        self.over = True
        return ended(end, timeout, time.monotonic() - started)


def as_message(data):
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError("a message too deep to read") from None
    if not isinstance(message, dict):
        raise ValueError("a message that is no dictionary")
    return message


def held(pid):
    """Bytes of memory that a process holds without a file behind them; proc(5)."""
    with contextlib.suppress(OSError):
        entries = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(entries.get(name, "0").split()[0]) << 10 for name in ("RssAnon", "RssShmem"))
    return 0


class Meant(ast.NodeTransformer):
    """Python's own `isinstance` where a check says so, though the notebook has another thing of that name."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        if node.id in self.names and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Attribute(ast.Name(runner.REAL, ast.Load()), node.id, ast.Load()), node)
        return node


@lru_cache(1024)
def code_of(step):
    """A check as code objects: its statements, and its last expression where it ends in one. Raises SyntaxError."""
    name = f"<check {step.name}>"
    tree = Meant(step.means).visit(ast.parse(TransformerManager().transform_cell(step.source), name))
    last = [ast.Expression(tree.body.pop().value)] if tree.body and isinstance(tree.body[-1], ast.Expr) else []
    return [compile(ast.fix_missing_locations(part), name, "exec" if part is tree else "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            for part in (tree, *last)]


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
    """The running children of a process, asked of the kernel (proc(5), children); by a look at all processes where it does not say."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += map(int, (thread / "children").read_text().split())
        except FileNotFoundError:
            if thread.exists():
                return [child for child, parent in parents().items() if parent == pid]
        except OSError:
            continue
    return [child for child in found if runs(child)]


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def family(pid):
    """All descendants, the nearest first."""
    found, level = [], [pid]
    while level := [child for parent in level for child in children(parent)]:
        found += level
    return found
