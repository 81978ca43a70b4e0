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

import builtins
import contextlib
import gc
import inspect
import json
import math
import os
import random
import socket
import sys
import time
import traceback
from _signal import (  # type: ignore[import-not-found]
    SIG_BLOCK,
    SIG_IGN,
    SIG_UNBLOCK,
    SIGINT,
    default_int_handler,
    pause,
    valid_signals,
)
from _signal import pthread_sigmask as mask_signals
from _signal import signal as on_signal
from _weakref import ref
from asyncio import _set_running_loop as set_running_loop
from collections.abc import Awaitable, Collection, Container, Iterable, Mapping
from contextvars import Context, copy_context
from importlib.machinery import PathFinder
from itertools import takewhile
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from nbjudge import libraries
from nbjudge.sandbox.guest import audit_hook, fork_hooks, handout, snapshot
from nbjudge.sandbox.guest.shell import Page, Shell, fresh_page, look_like_jupyter, message_of
from nbjudge.sandbox.guest.snapshot import Changes, Snapshot
from nbjudge.sandbox.output import shorten
from nbjudge.sandbox.wire import (
    LYING,
    CellAnswer,
    CellOrder,
    HandOut,
    OfLesson,
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
current_folder, find_installed = os.getcwd, PathFinder.find_spec
objects_since_freeze, class_space = gc.get_objects, snapshot.class_space
ALL_SIGNALS = valid_signals()
encode = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)

THREAD_IN_CHECK = "it started a thread in the process of its check"


# ---- checks ----------------------------------------------------------------


def judge(order: CellOrder, shell: Shell, page: Page) -> tuple[bool, float | None]:
    """Run a check's compiled code in the notebook's names; return (well, score or None).

    It runs in the event loop, as cells do, but not in IPython, because a student could have changed
    IPython's hooks. The score is nbgrader's partial credit: the value of the last expression, if
    that is a number.
    """
    value: Any = None
    try:
        shell.user_ns["__builtins__"] = builtins
        for code in order["code"]:
            value = evaluate(code, shell)
            if code.co_flags & inspect.CO_COROUTINE:
                value = await_in_loop(value, shell)
    except BaseException as problem:
        lines = traceback_of(problem, order["source"], order["name"])
        page.fail(type(problem).__name__, message_of(problem), lines)
        return False, None
    score = number_of(value)
    if value is not None:
        text = text_of(value) if score is None else repr(value)
        page.show("execute_result", {"text/plain": text}, {}, execution_count=None)
    return True, score


def number_of(value: Any) -> float | None:
    """Return the number that a check's last value is, None for anything else.

    As in nbgrader, a library's number counts where it is shown as a plain one, as sympy's are. A
    value of a class of the student's counts for nothing.
    """
    if type(value) is bool or type(value) is str or type(value).__module__ == "__main__":
        return None
    try:
        number = float(value if type(value) in (int, float) else repr(value))
    except Exception:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def text_of(value: Any) -> str:
    """Return the representation of a check's last value, as a notebook shows it.

    Of a value that is no plain number it must not look like one, because nbgrader takes a number
    below a check for points.
    """
    kind = f"<{type(value).__name__}>"
    try:
        text = shorten(repr(value))
    except BaseException:  # the student's own __repr__
        return kind
    try:
        float(text)
    except ValueError:
        return text
    return f"{text} {kind}"


def evaluate(code: CodeType, shell: Shell) -> Any:
    """Evaluate code as a cell would be: with the cells' context variables, the loop running.

    The loop does not run really: its methods are Python's, so the student could replace them.
    """
    loop = shell.loop
    context = loop.context if type(loop.context) is Context else copy_context()
    set_running_loop(loop)
    try:
        return context.run(eval, code, shell.user_ns)
    finally:
        set_running_loop(None)


def await_in_loop(value: Awaitable[Any], shell: Shell) -> Any:
    """Await a value in the loop that cells run in, and return what comes of it."""
    found: list[Any] = []

    async def keep() -> None:
        found.append(await value)

    shell.in_loop(keep)
    return found[0]


def traceback_of(problem: BaseException, source: str, name: str) -> list[str]:
    """The traceback as lines, from the check on.

    An exception may bring its own, as a method `_render_traceback_` (IPython); else it is Python's.
    """
    try:
        own = getattr(problem, "_render_traceback_", None)
        if own:
            return [str(line) for line in own()]
        lines = source.split("\n")
        file = f"<check {name}>"
        entries = traceback.extract_tb(problem.__traceback__)
        first = [entry.filename for entry in entries].index(file) if entries else 0
        shown = []
        for entry in entries[first:]:
            text = entry.line
            number = entry.lineno or 0
            if entry.filename == file and number <= len(lines):
                text = lines[number - 1]
            place = f"{entry.filename}, line {entry.lineno}, in {entry.name}"
            shown.append(f"{place}\n    {(text or '').strip()}")
        return [*shown, "".join(traceback.format_exception_only(problem)).rstrip()]
    except BaseException:
        return [f"{type(problem).__name__}: {message_of(problem)}"]


# ---- the notebook's process --------------------------------------------------


class Notebook(NamedTuple):
    """What the process of a notebook keeps while its cells run."""

    shell: Shell
    snapshot: Snapshot
    settings: Any  # of libraries, as given cells have left them
    lesson: OfLesson
    given: dict[str, Any]  # functions, classes and modules that the instructor's cells have bound
    trusted: tuple[str, ...]  # prefixes of the file names of code that is not the student's
    notes: list[str]  # for the instructor, on the cell that runs
    classes: list[ref[type]]  # that have been made since the first cell


def serve_cells(sock: socket.socket, key: bytes, notebook: Notebook) -> None:
    """Run the cells that come on the socket, until it is closed.

    No signal handler of the student's runs while an order is in a frame: signals are blocked,
    except while a cell of the student's runs.
    """
    own_pid = getpid()
    number = 0
    descriptor = sock.detach()
    ordinary = {*notebook.lesson.mentions, *notebook.lesson.asks}
    audit_hook.watch(notebook.trusted, ordinary, notebook.notes.append)
    while True:
        mask_signals(SIG_BLOCK, ALL_SIGNALS)
        prefix = read(descriptor, 1)
        if not prefix:
            return
        order = read_order(descriptor, prefix, key, number)
        number += 1
        answer: Any
        if order["kind"] == "check":
            answer = run_check(descriptor, order, notebook)
        else:
            answer = run_cell(order, notebook)
        order = None  # type: ignore[assignment]
        mask_signals(SIG_BLOCK, ALL_SIGNALS)
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


def run_cell(order: CellOrder, notebook: Notebook) -> CellAnswer:
    """Run a cell that is no check. Before a given cell, everything is restored as in a check."""
    names = notebook.shell.user_ns
    notes = notebook.notes
    before = dict(names)
    started = clock()
    is_given = order["kind"] == "given"
    if is_given:
        notes += changes_found(notebook.snapshot.restore())
    on_signal(SIGINT, SIG_IGN)  # this drops one that has come while signals were blocked
    on_signal(SIGINT, default_int_handler)
    mask_signals(SIG_UNBLOCK, ALL_SIGNALS)
    well, outputs = notebook.shell.run(order["source"])
    mask_signals(SIG_BLOCK, ALL_SIGNALS)
    answer = answer_to(order, well is True, None, outputs, started, notes)
    if is_given:
        notebook.snapshot.accept()
        libraries.keep_settings(notebook.settings)
        for name, value in names.items():
            is_new = not name.startswith("_") and before.get(name) is not value
            if is_new and isinstance(value, snapshot.FIXED):
                notebook.given[name] = value
    return answer


def run_check(descriptor: int, order: CellOrder, notebook: Notebook) -> dict[str, Any]:
    """Run a check in a fork, which answers; return the message that the fork has ended.

    If later cells use what a check sets, the check runs a second time, here. Its verdict is still
    the fork's: a fork has one thread, so no thread of the student's can interfere there.
    """
    notebook.classes.extend(new_classes())
    gc.freeze()
    random_state = get_random_state()
    # In[-1] is the check, as in a notebook, but without its hidden tests.
    notebook.shell.count_input(f"# {order['name']}")
    fork_hooks.of_check[0] = True
    child = fork_notebook()
    if not child:
        set_random_state(random_state)  # Python seeds it anew in every fork
        answer: CellAnswer
        if order["asks"] is not None:
            answer = hand_out(order, notebook)
        elif order["handed"] is not None:
            answer = judge_handed(order, order["handed"], notebook)
        else:
            answer = check_in_fork(order, notebook)
        reply(descriptor, answer)
        end(0)
    fork_hooks.of_check[0] = False
    status = wait(child, 0)[1]
    if not order["alone"]:
        let_signals_in()
        notebook.snapshot.restore()
        judge(order, notebook.shell, fresh_page(notebook.shell))
    return {"token": order["token"], "ended": status}


def let_signals_in() -> None:
    """Unblock signals, after the student's handlers, timers and trace functions are removed."""
    snapshot.reset_hooks()
    mask_signals(SIG_UNBLOCK, ALL_SIGNALS)


def fork_notebook() -> int:
    """Fork, and return what os.fork does.

    Where there are too many processes, those that have ended and that nobody waits for count, too:
    then they are waited for.
    """
    try:
        return fork()
    except BlockingIOError:
        try:
            while wait(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        return fork()


def check_in_fork(order: CellOrder, notebook: Notebook) -> CellAnswer:
    """Run a check and return its answer.

    An answer that changes the instructor's packages while it is checked is refused: the check may
    have compared with what it put there. Where the lesson's own cells do that, nobody can tell.
    """
    started = clock()
    notes = notebook.notes
    let_signals_in()
    notes += changes_found(notebook.snapshot.restore())
    mentioned = frozenset((*notebook.lesson.mentions, *notebook.lesson.asks))
    notes += libraries.restore_settings(notebook.settings, mentioned, notebook.snapshot.is_students)
    notes += replaced_names(order, notebook)
    notes += changed_loop(order, notebook)
    shell = notebook.shell
    page = fresh_page(shell)
    # A fork has one thread; a second one means that the student's fork hook started it.
    if len(frames_by_thread()) > 1:
        notes.append(THREAD_IN_CHECK)
    last_loaded = next(reversed(snapshot.modules), None)
    marks = notebook.snapshot.mark()
    started = clock()
    libraries.before_check()
    well, score = judge(order, shell, page)
    seconds = clock() - started
    outputs = page.outputs
    notes += hidden_modules(order, notebook, last_loaded)
    notes += [note for note in replaced_names(order, notebook) if note not in notes]
    notes += lying_classes(notebook)
    notes += libraries.restore_settings(notebook.settings, mentioned, notebook.snapshot.is_students)
    changes = notebook.snapshot.restore() if well else Changes([], [])
    # What was changed and put back: a restore that finds something changes the version itself.
    restored = changes.restored or (notebook.snapshot.put_back(marks) if well else [])
    notes += [f"while it was checked it changed `{name}`" for name in changes.seen[:5]]
    if restored and snapshot.ANY not in notebook.lesson.writes:
        notes += [f"while it was checked it changed `{name}`" for name in restored[:3]]
        well, score = False, None
        outputs = [*outputs, refused(f"it changed {restored[0]} while it was checked")]
    # The time is that of the check alone, without restoring.
    return answer_to(order, well, score, outputs, clock() - seconds, notes)


def hand_out(order: CellOrder, notebook: Notebook) -> HandOut:
    """Return the answer that hands out values for a check which is judged elsewhere."""
    started = clock()
    page = fresh_page(notebook.shell)
    let_signals_in()
    handed = handout.hand_out(notebook.shell.user_ns, order["asks"] or ())
    answer = answer_to(order, True, None, page.outputs, started, notebook.notes)
    return HandOut(**answer, handed=handed)


def judge_handed(order: CellOrder, handed: bytes, notebook: Notebook) -> CellAnswer:
    """Run a check on values that a student's process has handed out; no code of theirs is here."""
    started = clock()
    shell, notes = notebook.shell, notebook.notes
    page = fresh_page(shell)
    libraries.before_check()
    try:
        refused = handout.take_in(handed, shell.user_ns)
    except ValueError as problem:
        page.fail("ValueError", f"the values of the answers cannot be read: {problem}", [])
        return answer_to(order, False, None, page.outputs, started, notes)
    let_signals_in()
    well, score = judge(order, shell, page)
    if not well:
        handout.explain(page.outputs, refused)
    return answer_to(order, well, score, page.outputs, started, notes)


def replaced_names(order: CellOrder, notebook: Notebook) -> list[str]:
    """Return notes on names that the check takes from given cells or from Python, and that the
    student has bound anew in a way that no text tells."""
    names = notebook.shell.user_ns
    theirs = notebook.snapshot.is_students
    found = []
    for name in order["watched"]:
        value = names.get(name)
        if name in notebook.given:
            replaced = value is not notebook.given[name]
        else:
            replaced = name in names and theirs(value)
        if replaced:
            found.append(f"it had changed the notebook's `{name}`")
    return found


def changed_loop(order: CellOrder, notebook: Notebook) -> list[str]:
    """Return notes on methods of the student's that run what a check awaits."""
    if not any(code.co_flags & inspect.CO_COROUTINE for code in order["code"]):
        return []
    found = []
    for name, value in list(vars(notebook.shell.loop).items()):
        if notebook.snapshot.is_students(value):
            found.append(f"it had changed the event loop's `{name}`")
    return found


def hidden_modules(order: CellOrder, notebook: Notebook, last: str | None) -> list[str]:
    """Return notes on installed modules in whose place the check has used a student's.

    `last`: the module that had been imported last before the check. sys.modules is in the order of
    imports, so it is read from its end. Reading all of its names would write to their reference
    counts, and so copy their pages: 8 ms of each check.
    """
    folder = ""
    with contextlib.suppress(OSError):  # the notebook has removed it
        folder = current_folder()
    paths = [path for path in sys.path if isinstance(path, str)]
    installed = [path for path in paths if path.startswith(notebook.trusted)]
    added = takewhile(lambda name: name is not last, reversed(snapshot.modules))
    found = []
    for name in sorted({*added, *modules_named_in(order["code"])}):
        file = getattr(snapshot.modules[name], "__file__", None)
        if isinstance(file, str) and not file.startswith(notebook.trusted):
            if find_installed(name.partition(".")[0], installed):
                shown = file.removeprefix(f"{folder}/")
                found.append(f"its file `{shown}` took the place of an installed module")
    return found


def modules_named_in(code: Iterable[CodeType]) -> set[str]:
    """Return the imported modules whose dotted names stand in code, as those of its imports do."""
    names = {name for part in code for name in part.co_names}
    return {name for name in names if isinstance(snapshot.modules.get(name), ModuleType)}


def new_classes() -> list[ref[type]]:
    """Return the classes that have been made since the last call of gc.freeze."""
    return [ref(thing) for thing in objects_since_freeze() if issubclass(type(thing), type)]


def lying_classes(notebook: Notebook) -> list[str]:
    """Return notes on methods of the student's classes that decide how objects are compared.

    Where a class statement defines them, the cell's text has told of them already.
    """
    ordinary = {*notebook.lesson.mentions, *notebook.lesson.asks}
    found = set()
    for reference in (*notebook.classes, *new_classes()):
        kind = reference()
        space = class_space(kind) if kind is not None else {}
        for name in space.keys() & LYING - ordinary:
            if is_handwritten(space[name], space, notebook, ordinary):
                found.add(f"it had a class with a `{name}` of its own")
    return sorted(found)


def is_handwritten(
    method: Any, space: Mapping[str, Any], notebook: Notebook, ordinary: Container[str]
) -> bool:
    """Return whether a method of a class is the student's own.

    It is not where a library has made it from a text, as dataclasses does, or where the class is
    of a module that the lesson imports, which may lie beside the notebook.
    """
    if not notebook.snapshot.is_students(method):
        return False
    code = getattr(method, "__code__", None)
    file = code.co_filename if type(code) is CodeType else ""
    if getattr(method, "__globals__", None) is notebook.shell.user_ns:
        return file != "<string>" or "__dataclass_fields__" not in space
    package = str(space.get("__module__")).partition(".")[0]
    return not file.startswith("<") and package not in ordinary


def changes_found(changes: Changes) -> list[str]:
    """Return notes on what had been changed, for the first five names."""
    return [f"it had changed `{name}`" for name in (*changes.restored, *changes.seen)[:5]]


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
    shell = Shell()
    look_like_jupyter()
    # Nearly all objects that imports make are kept: collecting garbage in between finds nothing,
    # and takes a fifth of the time.
    gc.disable()
    import_all(packages)
    gc.enable()
    return shell


def import_all(names: Iterable[str], beside: Container[str] = ()) -> None:
    """Import what can be imported, except what lies beside the notebook.

    An import that fails here fails again in the notebook's cell, where the error is shown. What
    lies beside the notebook may print, or read what a cell has written.
    """
    for name in names:
        if name.partition(".")[0] not in beside:
            with contextlib.suppress(Exception):
                __import__(name)


def forget(beside: Collection[str], shell: Shell) -> None:
    """Take what has been imported ahead out of sys.modules, where a file beside hides it.

    `beside`: top-level names of modules that lie beside the notebook. What every kernel has
    imported at its start stays, as in Jupyter. Where nothing lies beside it, no name is read: that
    would write to the names' reference counts, and so copy 2,000 pages of each submission.
    """
    for name in list(sys.modules) if beside else ():
        package = name.partition(".")[0]
        if package in beside and package not in shell.at_start:
            del sys.modules[name]


def reseed(seed: int) -> None:
    """Seed the random numbers of Python and of the imported libraries."""
    random.seed(seed)
    libraries.reseed(seed)


def hide_engine() -> None:
    """Take the engine out of sys.modules: code that imports it from now on gets another copy.

    What the engine has put there in place of packages that it does not want goes, too.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "nbjudge" or module is None:
            del sys.modules[name]
