"""Runs cells in a sandbox: an IPython shell without a kernel around it, and a fork for every check.

The student's cells run in one process, one after the other. A check runs in a fork of that process
and says how it ended on a socket of the engine's: nothing that it prints, shows or patches can say
it for it, and what it breaks is not missed by the next check.

Student code runs in the same process, so what runs here between it and the verdict is written to
be out of its reach. This module is not in sys.modules (`hide_engine`), has builtins of its own,
calls only functions written in C, which nobody can patch, and gets checks as compiled code. Orders
come enciphered, because a thread could read them. Answers are JSON, because nothing that comes out
of a sandbox is ever unpickled.
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
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from nbjudge import libraries
from nbjudge.sandbox.guest import audit_hook, snapshot
from nbjudge.sandbox.guest.shell import Page, Shell, audited_call, fresh_page, message_of
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

Restore = Callable[[], list[str]]  # what snapshot.take_snapshot returns
THREAD_IN_CHECK = "it started a thread in the process of its check"


# ---- checks ----------------------------------------------------------------


def judge(order: CellOrder, names: dict[str, Any], page: Page) -> tuple[bool, float | None]:
    """Run a check's compiled code in the notebook's names; return (well, score or None).

    None of IPython's many hooks has a part in it. The score is nbgrader's partial credit: the value
    of the last expression, where that is a plain number.
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
    return True, None


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
    that the instructor's cells have bound so far. `trusted`: places of code that may look around.
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
        # A fork that the student's code made, and that came out of the cell: it waits here until
        # the host finds and ends it.
        while getpid() != own_pid:
            pause()
        reply(descriptor, answer)


def read_order(descriptor: int, prefix: bytes, key: bytes, number: int) -> CellOrder:
    """The `number`-th order, of whose message `prefix` is the first byte."""

    def read_some(most: int) -> bytes:
        return read(descriptor, most)

    prefix += read_exactly(read_some, 7)
    data = read_exactly(read_some, int.from_bytes(prefix, "big"))
    order: CellOrder = unseal(data, key, number)
    return order


def run_cell(
    order: CellOrder, shell: Shell, restore: Restore, given: dict[str, Any], notes: list[str]
) -> CellAnswer:
    """Run a cell that is no check. Before a given cell, what answers have changed is restored."""
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

    A check that does not run alone runs once more here, for what it leaves in the notebook. Its
    verdict is the fork's, because no thread of the student's is in a fork.
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
        return answer_to(order, False, None, [refusal(THREAD_IN_CHECK)], started, notes)
    started = clock()
    libraries.before_check()
    well, score = judge(order, shell.user_ns, page)
    seconds = clock() - started
    outputs = page.outputs
    changed = restore() if well else []
    if changed:
        notes.append(f"while it was checked it changed {', '.join(changed[:3])}")
        well, score = False, None
        outputs = [*outputs, refusal(f"it changed {changed[0]} while it was checked")]
    if score is not None:
        outputs = [*outputs, displayed(score)]
    # The check's own time, without that of restoring.
    return answer_to(order, well, score, outputs, clock() - seconds, notes)


def changes_found(names: list[str]) -> list[str]:
    """Notes of what had been changed; five are enough for a look."""
    return [f"it had changed {name}" for name in names[:5]]


def displayed(score: float) -> Output:
    """A score as a notebook shows the value of a cell's last expression."""
    return {
        "output_type": "execute_result",
        "data": {"text/plain": f"{score:g}"},
        "metadata": {},
        "execution_count": None,
    }


def refusal(reason: str) -> Output:
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
    """The answer to an order. The notes go with it, and the list is emptied for the next cell."""
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
    try:
        data = "".join(encode(answer, 0)).encode()
    except Exception:  # the student's code has put things on the page that are not text
        data = "".join(encode(answer | {"outputs": []}, 0)).encode()
    data = length_prefix(data) + data
    while data:
        data = data[write(descriptor, data) :]


# ---- before there is any student code ------------------------------------------


def make_shell(packages: list[str]) -> Shell:
    """A shell as a notebook finds it, with these packages imported: what all is forked from."""
    shell = Shell.instance()
    sys.modules["__main__"] = shell.user_module
    # Imports make much that stays; to search it for garbage takes a fifth of their time.
    gc.disable()
    import_all(packages)
    gc.enable()
    sys.path.insert(0, "")  # as in a notebook, what lies beside it can be imported
    return shell


def import_all(modules: Iterable[str]) -> None:
    """Import what can be imported. The rest fails again, and is shown, in the cell that asks."""
    for name in modules:
        with contextlib.suppress(Exception):
            __import__(name)


def reseed(seed: int) -> None:
    """The same random numbers for everybody, from Python and from the imported libraries."""
    random.seed(seed)
    libraries.reseed(seed)


def hide_engine() -> None:
    """Take the engine out of sys.modules: who imports it from now on gets another copy."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "nbjudge":
            del sys.modules[name]
