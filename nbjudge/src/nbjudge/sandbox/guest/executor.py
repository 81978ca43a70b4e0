"""Runs cells in a sandbox: an IPython shell without a kernel around it, and a fork for every check.

The student's cells run in one process, one after the other. A check runs in a fork of that process
and sends its verdict through a socket. Printed or displayed text is never taken for the verdict,
and what one check breaks does not affect the next.

Student code runs in the same process, so the code here must be out of its reach. This module is not
in sys.modules (`hide_engine`), has builtins of its own, calls only functions written in C, which
cannot be patched, and receives checks as compiled code. Orders are enciphered, because a thread of
the student's could read the socket. Answers are JSON, because the host unpickles nothing that comes
out of a sandbox.
"""

import asyncio
import builtins
import contextlib
import gc
import inspect
import json
import math
import os
import random
import signal
import socket
import sys
import time
import traceback
from _signal import (  # type: ignore[import-not-found]
    SIG_IGN,
    default_int_handler,
    pause,
)
from _signal import signal as on_signal
from collections.abc import Awaitable, Iterable
from typing import Any

from nbjudge import libraries
from nbjudge.sandbox.guest import audit_hook, snapshot
from nbjudge.sandbox.guest.shell import Page, Shell, audited_call, fresh_page, message_of
from nbjudge.sandbox.guest.snapshot import Restore
from nbjudge.sandbox.output import shorten
from nbjudge.sandbox.wire import (
    PYTHON_BUILTINS,
    CellAnswer,
    CellOrder,
    Output,
    length_prefix,
    read_exactly,
    unseal,
)

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

# Bound now, before student code can replace them.
getpid, fork, end, read, write, wait = os.getpid, os.fork, os._exit, os.read, os.write, os.waitpid
clock, frames_by_thread = time.perf_counter, sys._current_frames
get_random_state, set_random_state = random.getstate, random.setstate
encode = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)

THREAD_IN_CHECK = "it started a thread in the process of its check"


# ---- checks ----------------------------------------------------------------


def judge(order: CellOrder, names: dict[str, Any], page: Page) -> tuple[bool, float | None]:
    """Run a check's compiled code in the notebook's names; return (well, score or None).

    IPython is not used here, because a student could have changed its hooks. The score is
    nbgrader's partial credit: the value of the last expression, if that is a plain number.
    """
    value: Any = None
    try:
        names["__builtins__"] = names[PYTHON_BUILTINS] = builtins
        for code in order["code"]:
            value = eval(code, names)
            if code.co_flags & inspect.CO_COROUTINE:
                value = asyncio.run(await_(value))
    except BaseException as problem:
        lines = traceback_of(problem, order["source"], order["name"])
        page.fail(type(problem).__name__, message_of(problem), lines)
        return False, None
    is_number = type(value) is int or type(value) is float
    if is_number and math.isfinite(value) and value >= 0:
        return True, float(value)
    if value is not None:
        page.show("execute_result", {"text/plain": text_of(value)}, None, execution_count=None)
    return True, None


def text_of(value: Any) -> str:
    """Return the representation of a check's last value, as a notebook shows it."""
    try:
        return shorten(repr(value))
    except BaseException:  # the student's own __repr__
        return f"<{type(value).__name__}>"


async def await_(value: Awaitable[Any]) -> Any:
    return await value


def traceback_of(problem: BaseException, source: str, name: str) -> list[str]:
    """The traceback as lines.

    An exception may bring its own, as a method `_render_traceback_` (IPython); else it is Python's.
    """
    try:
        own = getattr(problem, "_render_traceback_", None)
        if own:
            return [str(line) for line in own()]
        lines = source.split("\n")
        shown = []
        for entry in traceback.extract_tb(problem.__traceback__)[1:]:
            text = entry.line
            number = entry.lineno or 0
            if entry.filename == f"<check {name}>" and number <= len(lines):
                text = lines[number - 1]
            place = f"{entry.filename}, line {entry.lineno}, in {entry.name}"
            shown.append(f"{place}\n    {(text or '').strip()}")
        return [*shown, "".join(traceback.format_exception_only(problem)).rstrip()]
    except BaseException:
        return [f"{type(problem).__name__}: {message_of(problem)}"]


# ---- the notebook's process --------------------------------------------------


def serve_cells(
    sock: socket.socket,
    key: bytes,
    shell: Shell,
    restore: Restore,
    given: dict[str, Any],
    trusted: Iterable[str],
) -> None:
    """Run the cells that come on the socket, until it is closed.

    `restore`: what snapshot.take_snapshot returned. `given`: the functions, classes and modules
    that the instructor's cells have bound so far. `trusted`: prefixes of the file names of code
    that the audit hook lets through.
    """
    notes: list[str] = []
    own_pid = getpid()
    number = 0
    descriptor = sock.detach()
    audit_hook.watch(trusted, notes, audited_call)
    on_signal(signal.SIGINT, SIG_IGN)
    while prefix := read(descriptor, 1):
        order = read_order(descriptor, prefix, key, number)
        number += 1
        answer: Any
        if order["kind"] == "check":
            answer = run_check(descriptor, order, shell, restore, given, notes)
        else:
            answer = run_cell(order, shell, restore, given, notes)
        on_signal(signal.SIGINT, SIG_IGN)
        # If the cell has called os.fork, its child comes here, too, with another pid. The child
        # must not answer: it waits here until the host finds and ends it.
        while getpid() != own_pid:
            pause()
        reply(descriptor, answer)


def read_order(descriptor: int, prefix: bytes, key: bytes, number: int) -> CellOrder:
    """Read and return the `number`-th order; `prefix` is the first byte of its message."""

    def read_some(most: int) -> bytes:
        return read(descriptor, most)

    prefix += read_exactly(read_some, 7)
    data = read_exactly(read_some, int.from_bytes(prefix, "big"))
    order: CellOrder = unseal(data, key, number)
    return order


def run_cell(
    order: CellOrder, shell: Shell, restore: Restore, given: dict[str, Any], notes: list[str]
) -> CellAnswer:
    """Run a cell that is no check. Before a given cell, everything is restored as in a check."""
    names = shell.user_ns
    before = dict(names)
    started = clock()
    is_given = order["kind"] == "given"
    if is_given:
        notes += changes_found(restore())
    on_signal(signal.SIGINT, default_int_handler)
    well, outputs = shell.run(order["source"])
    answer = answer_to(order, well is True, None, outputs, started, notes)
    if is_given:
        for name, value in names.items():
            is_new = not name.startswith("_") and before.get(name) is not value
            if is_new and isinstance(value, snapshot.FIXED):
                given[name] = value
    return answer


def run_check(
    descriptor: int,
    order: CellOrder,
    shell: Shell,
    restore: Restore,
    given: dict[str, Any],
    notes: list[str],
) -> dict[str, Any]:
    """Run a check in a fork, which answers; return the message that the fork has ended.

    If later cells use what a check sets, the check runs a second time, here. Its verdict is still
    the fork's: a fork has one thread, so no thread of the student's can interfere there.
    """
    gc.freeze()
    random_state = get_random_state()
    child = fork()
    if not child:
        set_random_state(random_state)  # Python seeds it anew in every fork
        answer = check_in_fork(order, shell, restore, given, notes)
        reply(descriptor, answer)
        end(0)
    status = wait(child, 0)[1]
    if not order["alone"]:
        on_signal(signal.SIGINT, default_int_handler)
        restore_all(order, shell.user_ns, restore, given)
        judge(order, shell.user_ns, fresh_page(shell))
    return {"token": order["token"], "ended": status}


def restore_all(
    order: CellOrder, names: dict[str, Any], restore: Restore, given: dict[str, Any]
) -> list[str]:
    """Restore what the check needs as the instructor left it; return the names of what differed."""
    snapshot.reset_hooks()
    changed = restore()
    for name, value in given.items():
        if names.get(name) is not value and name in order["uses"]:
            changed.append(f"the notebook's `{name}`")
            names[name] = value
    return changed


def check_in_fork(
    order: CellOrder, shell: Shell, restore: Restore, given: dict[str, Any], notes: list[str]
) -> CellAnswer:
    """Run a check and return its answer."""
    started = clock()
    notes += changes_found(restore_all(order, shell.user_ns, restore, given))
    page = fresh_page(shell)
    # A fork has one thread; a second one means that the student's fork hook started it.
    if len(frames_by_thread()) > 1:
        notes.append(THREAD_IN_CHECK)
        return answer_to(order, False, None, [refused(THREAD_IN_CHECK)], started, notes)
    started = clock()
    libraries.before_check()
    well, score = judge(order, shell.user_ns, page)
    seconds = clock() - started
    outputs = page.outputs
    changed = restore() if well else []
    if changed:
        notes.append(f"while it was checked it changed {', '.join(changed[:3])}")
        well, score = False, None
        outputs = [*outputs, refused(f"it changed {changed[0]} while it was checked")]
    if score is not None:
        outputs = [*outputs, displayed(score)]
    # The time is that of the check alone, without restoring.
    return answer_to(order, well, score, outputs, clock() - seconds, notes)


def changes_found(names: list[str]) -> list[str]:
    """Return notes on what had been changed, for the first five names."""
    return [f"it had changed {name}" for name in names[:5]]


def displayed(score: float) -> Output:
    """Return a score as the output of a cell whose last expression has this value."""
    return {
        "output_type": "execute_result",
        "data": {"text/plain": f"{score:g}"},
        "metadata": {},
        "execution_count": None,
    }


def refused(reason: str) -> Output:
    """Return the error that is shown in place of a verdict."""
    message = f"The answer was refused: {reason}"
    return {
        "output_type": "error",
        "ename": "Refused",
        "evalue": message,
        "traceback": [f"{message}."],
    }


def answer_to(
    order: CellOrder,
    well: bool,
    score: float | None,
    outputs: list[Output],
    started: float,
    notes: list[str],
) -> CellAnswer:
    """Return the answer to an order. It takes the notes, and empties the list for the next cell."""
    answer: CellAnswer = {
        "token": order["token"],
        "well": well,
        "score": score,
        "outputs": outputs,
        "seconds": clock() - started,
        "notes": notes[:20],
    }
    notes.clear()
    return answer


def reply(descriptor: int, answer: Any) -> None:
    """Send an answer to the host."""
    try:
        data = "".join(encode(answer, 0)).encode()
    except Exception:  # the student's code has put things on the page that are not text
        data = "".join(encode(answer | {"outputs": []}, 0)).encode()
    data = length_prefix(data) + data
    while data:
        data = data[write(descriptor, data) :]


# ---- before there is any student code ------------------------------------------


def make_shell(packages: list[str]) -> Shell:
    """Return a new shell, after these packages are imported; all notebooks are forks of it."""
    shell = Shell.instance()
    sys.modules["__main__"] = shell.user_module
    # Nearly all objects that imports make are kept: collecting garbage in between finds nothing,
    # and takes a fifth of the time.
    gc.disable()
    import_all(packages)
    gc.enable()
    sys.path.insert(0, "")  # as in Jupyter, a notebook can import the files beside it
    return shell


def import_all(modules: Iterable[str]) -> None:
    """Import what can be imported. An import that fails here fails again in the notebook's cell,
    where the error is shown."""
    for name in modules:
        with contextlib.suppress(Exception):
            __import__(name)


def reseed(seed: int) -> None:
    """Seed the random numbers of Python and of the imported libraries."""
    random.seed(seed)
    libraries.reseed(seed)


def hide_engine() -> None:
    """Take the engine out of sys.modules: code that imports it from now on gets another copy."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "nbjudge":
            del sys.modules[name]
