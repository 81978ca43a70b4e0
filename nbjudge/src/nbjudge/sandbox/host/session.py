"""A submission's process, driven from outside: cells go in, results come out."""

from __future__ import annotations

import ast
import contextlib
import os
import secrets
import signal
import socket
import time
from binascii import a2b_base64
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.inputtransformer2 import TransformerManager

from nbjudge.errors import MachineBusy, ProcessLost, SandboxUnavailable
from nbjudge.job import Job, Result, Step
from nbjudge.planning.beside import modules_beside
from nbjudge.planning.syntax import parse
from nbjudge.sandbox import wire
from nbjudge.sandbox.host.cell_clock import PATIENCE, CellClock
from nbjudge.sandbox.host.control_group import make_group, remove_group
from nbjudge.sandbox.host.forking_process import ForkingProcess
from nbjudge.sandbox.host.process_table import children, command, family, held, held_by_sockets
from nbjudge.sandbox.host.results import error, parse_message, result_of, stopped
from nbjudge.temporary import new_folder, remove_folder

INTERRUPT_SECONDS = 2.0  # after an interrupt, a process that still runs is killed
REPORT_SECONDS = 60.0  # in which each part of a sandbox's files must come
START_SECONDS = 60.0  # in which a sandbox must be built
LARGEST_MESSAGE = 64 << 20  # bytes, of a message out of a sandbox
STARTING_LOOKS = 8  # at a process without a command line, within 140 ms, before it is ended
MEASURE_SECONDS = 0.5  # between two measurements of a sandbox's memory and processes


class Session:
    """A submission's process, seen from outside. Use it in a `with` block, which ends the process.

    `over`: the process is gone, or is not to be trusted any more.
    """

    def __init__(self, template: ForkingProcess, job: Job, seed: int | None) -> None:
        self.base = new_folder("sandbox")
        self.key = secrets.token_bytes(32)
        self.limits = job.limits
        self.confined = job.confined
        self.over = False
        self.sent = 0  # number of orders
        self.buffer = b""  # received bytes that are not read as a message yet
        self.next_measurement = 0.0
        self.counted = 0.0  # seconds of all cells together, without waiting for a core
        self.running: RunningCell | None = None
        self.held_at_start = 0  # bytes of memory
        self.handed: bytes | None = None  # what the last cell has handed out
        self.programs: set[int] = set()  # pids of what cells have started and left running
        self.first: int | None = None  # pid of the process that runs the notebook, once known
        self.group: Path | None = None  # its control group, where there is one
        order = wire.SessionOrder(
            files=job.files,
            beside=tuple(modules_beside(job.files) - modules_beside(job.assignment_files)),
            base=self.base,
            hidden=job.hidden,
            limits=job.limits,
            confined=job.confined,
            seed=seed,
            key=self.key,
        )
        try:
            self.pid, self.sock = template.fork(order)
        except ProcessLost:
            remove_folder(self.base)
            raise
        self.report, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):  # a process that is gone is noticed later
            wire.send_socket(self.sock, theirs)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()
        self.report.close()
        kill(family(self.pid))
        kill([self.pid])  # the sandbox's first process: all others end with it
        if self.group:
            remove_group(self.group)
        remove_folder(self.base)

    def run(self, step: Step, timeout: float, handed: bytes | None = None) -> Result:
        """Run one cell for at most `timeout` seconds, in which waiting for a core does not count.

        A check that is judged outside only makes the process hand out values, which are then in
        `handed`; with these, another session judges it. Raises SandboxUnavailable where no sandbox
        can be built, ProcessLost where the process was gone before its first cell, and MachineBusy
        where the cell gets no core.
        """
        asks = step.asks if handed is None else None
        self.handed = None
        try:
            # what runs elsewhere only is not sent into a process that runs a student's code
            here = step.kind == "check" and (asks is None or not step.alone)
            code = compile_check(step) if here else []
        except SyntaxError as problem:
            return Result(False, None, [error("SyntaxError", str(problem))], 0, [])
        if self.sent == 0:
            self._wait_until_ready()
        self.running = running = RunningCell(step, timeout)
        running.clock.start([self._first_process()])
        try:
            self._send(order_for(step, running.token, code, asks, handed))
            result = self._wait_for(running)
            if asks is not None and result.well:
                self.handed = running.handed_out()
            if not self.over and self._end_leftovers(step):
                result.notes.append("it left a process running")
        except (OSError, ValueError):
            result = self._stop(running, "died")
        self.counted += running.counted(self.pid)
        return result

    def written(self) -> tuple[dict[str, bytes], int]:
        """End the notebook, and return what it has left: ({name: content}, how many left out).

        Raises ProcessLost where the process that watches over it does not say.
        """
        self.over = True
        self.sock.close()
        if self.first:
            kill([*family(self.first), self.first])
        self.report.settimeout(REPORT_SECONDS)
        try:
            return wire.receive_files(self.report)
        except (OSError, ValueError) as problem:
            raise ProcessLost("a sandbox was lost before its files were read") from problem

    # ---- sending ----

    def _send(self, order: wire.CellOrder) -> None:
        self.sock.settimeout(30)
        self.sock.sendall(wire.seal(order, self.key, self.sent))
        self.sent += 1

    def _wait_until_ready(self) -> None:
        """Wait for the first message, which says that the sandbox is built, or why it is not.

        No code of the student's has run yet, so this message can be believed, and whatever goes
        wrong is not the student's doing.
        """
        try:
            message = self._receive(time.monotonic() + START_SECONDS)
        except (OSError, ValueError):
            message = None
        if message is None:
            raise ProcessLost("the sandbox was lost before its first cell")
        if "ready" not in message:
            raise SandboxUnavailable(message["problem"])
        self.held_at_start = held(self._first_process())
        if self.confined:
            self.group = make_group(self.pid, self.limits)

    # ---- receiving ----

    def _wait_for(self, running: RunningCell) -> Result:
        """Return the result of a cell that has been sent."""
        while True:
            try:
                message = self._receive(running.deadline)
            except TimeoutError:
                if not running.more_time(family(self.pid)) and not self._interrupt(running):
                    return self._stop(running, "time, not heeded")
                continue
            if message is None:
                return self._stop(running, running.end or "died")
            if not same_token(message.get("token"), running.token):
                return self._stop(running, "forged")
            result = running.take(message)
            if result:
                return result

    def _interrupt(self, running: RunningCell) -> bool:
        """Interrupt a cell whose time is up; return False if nothing is left to try.

        First comes SIGINT, as with Jupyter's stop button. If a check goes on after that, its
        process is killed: it is a fork, so the notebook's process lives on.
        """
        if not running.end:
            running.end = "time"
            number = signal.SIGINT
        elif running.end == "time" and running.step.kind == "check":
            running.end = "time, not heeded"
            number = signal.SIGKILL
        else:
            return False
        running.allow(INTERRUPT_SECONDS)
        kill(self._processes_of(running.step), number)
        return True

    def _stop(self, running: RunningCell, end: str) -> Result:
        self.over = True
        return stopped(end, running.timeout, running.seconds())

    def _receive(self, deadline: float) -> dict[str, Any] | None:
        """Return the next message, None if the process is gone or takes too much.

        Raises TimeoutError at the deadline (time.monotonic), even if a message is still coming in,
        and ValueError for what is no message.
        """
        self.sock.settimeout(0.2)
        while True:
            data = self._next_in_buffer()
            if data is not None:
                return parse_message(data)
            now = time.monotonic()
            if now > deadline:
                raise TimeoutError
            if now > self.next_measurement:
                self.next_measurement = now + MEASURE_SECONDS
                if self._takes_too_much():
                    return None
            with contextlib.suppress(TimeoutError):
                part = self.sock.recv(1 << 20)
                if not part:
                    return None
                self.buffer += part

    def _next_in_buffer(self) -> bytes | None:
        """Take the first message out of the buffer and return it; None if it is not complete."""
        if len(self.buffer) < 8:
            return None
        length = int.from_bytes(self.buffer[:8], "big")
        if length > LARGEST_MESSAGE:
            raise ValueError(f"a message of {length} bytes")
        end = 8 + length
        if length == 0 or len(self.buffer) < end:
            return None
        data, self.buffer = self.buffer[8:end], self.buffer[end:]
        return data

    # ---- its processes ----

    def _takes_too_much(self) -> bool:
        """Return whether there are too many processes, or they hold too much memory together.

        All of them together may hold as much as the limit for one process. What the notebook's
        process held at its start, which is the template's, is subtracted from each. What their
        sockets can hold counts, too. Their time is measured on the way.
        """
        pids = family(self.pid)
        if self.running:
            self.running.clock.measure(pids)
        memory = sum(max(0, held(pid) - self.held_at_start) for pid in pids)
        if self.confined and self.first:
            memory += held_by_sockets(self.first)
        return len(pids) > self.limits.processes or memory > self.limits.memory

    def _end_leftovers(self, step: Step) -> bool:
        """End what a cell has left running; return whether there was anything.

        Programs that a cell other than a check has started run on, as in Jupyter: a later cell may
        use them. A process that was only forked holds the notebook's socket, so it is ended. For a
        moment a program that has just started has no command line, so it is looked at again.
        Raises ValueError if new processes start faster than old ones are ended.
        """
        first = self._first_process()
        ended = False
        for attempt in range(100):
            left = [pid for pid in family(first) if pid not in self.programs]
            commands: dict[int, bytes] = {}
            if left and step.kind != "check":
                own = command(first)
                commands = {pid: command(pid) for pid in left}
                self.programs |= {pid for pid, each in commands.items() if each not in (b"", own)}
                left = [pid for pid in left if pid not in self.programs]
            if not left:
                return ended
            if attempt < STARTING_LOOKS:
                left = [pid for pid in left if commands.get(pid) != b""]
            kill(left)
            ended = ended or bool(left)
            time.sleep(0.005 * attempt)
        raise ValueError("its processes multiply faster than they can be ended")

    def _processes_of(self, step: Step) -> list[int]:
        """Return the pids that run a cell: for a check, the children of the notebook's process."""
        first = self._first_process()
        checks = [pid for pid in children(first) if pid not in self.programs]
        return (checks if step.kind == "check" else []) or [first]

    def _first_process(self) -> int:
        """Return the pid of the process that runs the notebook.

        It is the first child of the process that was forked, which watches over it. Until a sandbox
        is ready, that child may be a helper that builds it.
        """
        if self.first is None:
            inside = children(self.pid)
            if inside:
                self.first = inside[0]
        return self.first or self.pid


class RunningCell:
    """A cell that has been sent: until when it may run, and what it has answered so far.

    `end`: "" as long as it was not interrupted, else how it was stopped.
    """

    def __init__(self, step: Step, timeout: float) -> None:
        self.step = step
        self.timeout = timeout
        self.clock = CellClock()
        self.allowed = timeout  # seconds on the clock
        self.deadline = time.monotonic() + timeout  # when the clock is looked at
        self.token = secrets.token_hex(16)
        self.end = ""
        self.result: Result | None = None
        self.handed: Any = None

    def seconds(self) -> float:
        """Return for how long the cell has been running, in all."""
        return self.clock.passed()

    def counted(self, pid: int) -> float:
        """Return the seconds that count, at the end of a cell that ran in descendants of `pid`.

        Short cells are not measured, because that would take longer than it can tell.
        """
        if self.seconds() < MEASURE_SECONDS:
            return self.seconds()
        return self.clock.measure(family(pid))

    def allow(self, seconds: float) -> None:
        """Let the cell run on for so many seconds, beginning now."""
        self.allowed = self.clock.counted + seconds
        self.deadline = time.monotonic() + seconds

    def more_time(self, pids: list[int]) -> bool:
        """Return whether the cell has time left at its deadline, and set the next deadline.

        `pids` are its processes. Raises MachineBusy where it gets nearly no time on a core.
        """
        left = self.allowed - self.clock.measure(pids)
        late = self.seconds() > PATIENCE * (self.timeout + INTERRUPT_SECONDS)
        if left <= 0 or (late and self.end):
            return False
        if late:
            raise MachineBusy(
                f"the machine is so busy that the cell `{self.step.name}` got "
                f"{self.clock.counted:.0f} of its {self.timeout:g} s within {self.seconds():.0f} s"
            )
        self.deadline = time.monotonic() + max(left, 0.05)
        return True

    def take(self, message: dict[str, Any]) -> Result | None:
        """Take a message with the right token; return the result when nothing more will come.

        After the answer to a check comes a message that the check's process has ended. Only then
        can the next cell run.
        """
        if "ended" in message:
            return self.result or stopped(self.end or "died", self.timeout, self.seconds())
        if self.result is None:
            try:
                self.result = result_of(message, self.end, self.timeout)
                self.handed = message.get("handed")
            except (KeyError, TypeError) as problem:
                raise ValueError("a message that is no answer") from problem
        return None if self.step.kind == "check" else self.result

    def handed_out(self) -> bytes:
        """Return the values that the cell has handed out. Raises ValueError where there are none.

        Nobody has looked at these bytes; handout.py does where they are decoded.
        """
        if not isinstance(self.handed, str) or not self.handed.isascii():
            raise ValueError("a message that hands out nothing")
        return a2b_base64(self.handed)


def order_for(
    step: Step,
    token: str,
    code: list[CodeType],
    asks: tuple[str, ...] | None,
    handed: bytes | None,
) -> wire.CellOrder:
    """Return the order to run a step; `code` is that of a check that runs in this process."""
    return wire.CellOrder(
        source=step.source if code or step.kind != "check" else "",
        name=step.name,
        kind=step.kind,
        alone=step.alone,
        watched=step.watched,
        token=token,
        code=code,
        asks=asks,
        handed=handed,
    )


def same_token(found: Any, token: str) -> bool:
    """Return whether an answer repeats the token of its order, in constant time."""
    return secrets.compare_digest(str(found).encode(), token.encode())


def kill(pids: list[int], number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to those of these processes that still run."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@lru_cache(1024)
def compile_check(step: Step) -> list[CodeType]:
    """Return a check's statements as code, and its last expression as a second code object.

    The value of that expression is the check's partial credit. Raises SyntaxError.
    """
    name = f"<check {step.name}>"
    module = parse(TransformerManager().transform_cell(step.source), name)
    last = module.body[-1] if module.body else None
    # As in IPython, a semicolon at the end says that the value is not meant to be shown.
    quiet = DisplayHook.semicolon_at_end_of_expression(step.source)
    if not isinstance(last, ast.Expr) or quiet:
        return [compile_part(module, name, "exec")]
    module.body.pop()
    expression = ast.Expression(last.value)
    return [compile_part(module, name, "exec"), compile_part(expression, name, "eval")]


def compile_part(tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
    """Return a syntax tree as code, in which `await` may stand outside of functions."""
    ast.fix_missing_locations(tree)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code: CodeType = compile(tree, name, mode, flags, dont_inherit=True)
    return code
