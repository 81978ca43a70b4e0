"""A submission's process, driven from outside: cells go in, and what comes out is nothing but data that anybody may have written."""

import ast
import contextlib
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

from nbjudge.job import Done
from nbjudge.planning.syntax import parse
from nbjudge.sandbox import wire
from nbjudge.sandbox.host.process_table import children, family, held

PATIENCE = 2.0  # seconds between an interrupt and the end of a process that does not heed it
LARGEST = 64 << 20  # bytes of a message out of a room


class Lost(RuntimeError):
    """A process of ours is gone, through no cell's fault that could be named."""


class Room:
    """A submission's process, seen from outside."""

    def __init__(self, start, job, seed):
        self.base = tempfile.mkdtemp(prefix="course-room-")
        self.key, self.number, self.buffer, self.look, self.held = (
            secrets.token_bytes(32),
            0,
            b"",
            0.0,
            0,
        )
        order = {
            "files": job.files,
            "base": self.base,
            "hidden": job.hidden,
            "limits": tuple(job.limits),
            "confined": job.confined,
            "seed": seed,
            "key": self.key,
        }
        try:
            self.pid, self.sock = start.fork(order)
        except Lost:
            os.rmdir(self.base)
            raise
        self.limits, self.confined, self.over = wire.Limits(*job.limits), job.confined, False
        self.first = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        for pid in [
            *family(self.pid),
            self.pid,
        ]:  # the room's first process takes all others with it
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    def step(self, step, timeout):
        """Run one cell and return how it ended; `over` says that the process is gone with it."""
        word = secrets.token_hex(16)
        started, end, asked = time.monotonic(), "", None
        try:
            order = {
                "run": step.source,
                "name": step.name,
                "kind": step.kind,
                "alone": step.alone,
                "uses": step.uses,
                "word": word,
                "code": code_of(step) if step.kind == "check" else [],
            }
        except SyntaxError as problem:
            return Done(False, None, [failure("SyntaxError", str(problem))], 0, [])
        try:
            self._send(order)
            said = waiting = None
            while said is None or waiting:
                try:
                    message = self._message(
                        started + timeout if asked is None else asked + PATIENCE
                    )
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
            if isinstance(problem, wire.NoRoom):
                raise
            return self._stopped("died", timeout, started)

    def _send(self, order):
        if (
            not self.number
        ):  # before any of the learner's code, and only then, can it say that there is no room
            message = self._message(time.monotonic() + 60)
            if message is None or "ready" not in message:
                raise (
                    wire.NoRoom(message["problem"])
                    if message
                    else Lost("the room was lost before its first cell")
                )
            self.held = held(self._first())
        self.sock.settimeout(30)
        self.sock.sendall(wire.sealed(order, self.key, self.number))
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
                data, self.buffer = self.buffer[8 : 8 + length], self.buffer[8 + length :]
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
        return (
            len(pids) > self.limits.processes
            or sum(max(0, held(pid) - self.held) for pid in pids) > self.limits.memory
        )

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


class Meant(ast.NodeTransformer):
    """Python's own `isinstance` where a check says so, though the notebook has another thing of that name."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        if node.id in self.names and isinstance(node.ctx, ast.Load):
            return ast.copy_location(
                ast.Attribute(ast.Name(wire.REAL, ast.Load()), node.id, ast.Load()), node
            )
        return node


@lru_cache(1024)
def code_of(step):
    """A check as code objects: its statements, and its last expression where it ends in one. Raises SyntaxError."""
    name = f"<check {step.name}>"
    tree = Meant(step.means).visit(parse(TransformerManager().transform_cell(step.source), name))
    last = (
        [ast.Expression(tree.body.pop().value)]
        if tree.body and isinstance(tree.body[-1], ast.Expr)
        else []
    )
    return [
        compile(
            ast.fix_missing_locations(part),
            name,
            "exec" if part is tree else "eval",
            ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        for part in (tree, *last)
    ]


ENDS = {
    "died": (
        "DeadKernelError",
        "the process ended in this cell: os._exit, a crash, too many processes, or no memory left",
    ),
    "forged": (
        "DeadKernelError",
        "what came back was not this cell's result: the notebook tried to answer in its place",
    ),
    "given up": (
        "DeadKernelError",
        "the cells before this one ended the notebook's process too often, or took all its time",
    ),
    "time": ("CellTimeoutError", "the cell was stopped after {timeout:g} s"),
    "time, not heeded": (
        "CellTimeoutError",
        "the cell was stopped after {timeout:g} s; it did not heed an interrupt and its process was ended",
    ),
}


DEADLY = ("died", "forged", "time, not heeded")


def ended(end, timeout, seconds, notes=()):
    name, words = ENDS[end]
    return Done(
        False, None, [failure(name, words.format(timeout=timeout))], seconds, list(notes), end
    )


def as_done(message, end, timeout):
    """A Done from a message of the room, with every field of the type it should have: it comes from code that nobody has read."""
    score = message.get("score")
    outputs = [clean for output in message.get("outputs") or [] if (clean := as_output(output))]
    notes = [str(note)[:300] for note in message.get("notes") or []]
    if end:
        return Done(
            False,
            None,
            outputs + ended(end, timeout, 0).outputs,
            float(message["seconds"]),
            notes,
            end,
        )
    return Done(
        message.get("well") is True,
        score if isinstance(score, float) else None,
        outputs,
        float(message["seconds"]),
        notes,
    )


def as_output(raw):
    """An output of nbformat with just the fields that its kind has; None for anything else."""
    if not isinstance(raw, dict):
        return None
    texts = {
        key: raw[key]
        for key in ("name", "text", "ename", "evalue")
        if isinstance(raw.get(key), str)
    }
    match raw.get("output_type"):
        case "stream" if {"name", "text"} <= set(texts):
            return {
                "output_type": "stream",
                "name": "stderr" if texts["name"] == "stderr" else "stdout",
                "text": texts["text"],
            }
        case "error" if {"ename", "evalue"} <= set(texts):
            lines = [str(line) for line in raw.get("traceback") or []]
            return {
                "output_type": "error",
                "ename": texts["ename"],
                "evalue": texts["evalue"],
                "traceback": lines,
            }
        case "display_data" | "execute_result" as kind if isinstance(raw.get("data"), dict):
            metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
            return {"output_type": kind, "data": raw["data"], "metadata": metadata} | (
                {"execution_count": None} if kind == "execute_result" else {}
            )
    return None


def failure(name, words):
    return {
        "output_type": "error",
        "ename": name,
        "evalue": words,
        "traceback": [f"{name}: {words}"],
    }
