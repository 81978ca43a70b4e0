"""What runs cells inside a room: an IPython shell without a kernel around it, and a fork of it for every check.

The learner's cells run in one process, one after the other. A check runs in a fork of that process and says how it ended on a
socket of ours: nothing that it prints, shows or patches can say it for it, and nothing that it breaks is missed by the next one.

Learners' code runs in the same process, so what runs here between it and the verdict is written to be out of its reach: this module
is in nobody's hands but ours (`hide`), has builtins of its own, calls only functions written in C, which nobody can patch, and
gets checks as compiled code. Orders come enciphered, or a thread could read them; answers are JSON, because nothing that
comes out of a room is ever unpickled.
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
import sys
import time
import traceback
from _signal import SIG_IGN, default_int_handler, pause
from _signal import signal as on_signal

from nbjudge.sandbox.guest import audit_hook, snapshot
from nbjudge.sandbox.guest.shell import Shell, door, fresh_page, words_of
from nbjudge.sandbox.wire import REAL, enciphered, exactly, head_of, loads

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

getpid, fork, end, read, write, wait = os.getpid, os.fork, os._exit, os.read, os.write, os.waitpid
clock, threads, get_state, set_state = (
    time.perf_counter,
    sys._current_frames,
    random.getstate,
    random.setstate,
)
encoded = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True
)


# ---- checks ----------------------------------------------------------------------------------------------------------------


def judge(order, space, page):
    """Run a check's compiled code in the notebook's names; return (well, score or None).

    None of IPython's many hooks has a part in it. `score` is the value of its last expression where that is a plain number:
    nbgrader's partial credit.
    """
    value = None
    try:
        space["__builtins__"] = space[REAL] = builtins
        for code in order["code"]:
            value = eval(code, space)
            if code.co_flags & inspect.CO_COROUTINE:
                value = asyncio.run(awaited(value))
    except BaseException as problem:
        page.fail(
            type(problem).__name__, words_of(problem), told(problem, order["run"], order["name"])
        )
        return False, None
    plain = type(value) is int or type(value) is float
    return True, float(value) if plain and math.isfinite(value) and value >= 0 else None


async def awaited(value):
    return await value


def told(problem, source, name):
    """The traceback as lines: the exception's own words where it has some (IPython's `_render_traceback_`), else Python's."""
    try:
        own = getattr(problem, "_render_traceback_", None)
        if own:
            return [str(line) for line in own()]
        lines = source.split("\n")
        shown = []
        for entry in traceback.extract_tb(problem.__traceback__)[1:]:
            text = (
                lines[entry.lineno - 1]
                if entry.filename == f"<check {name}>" and entry.lineno <= len(lines)
                else entry.line
            )
            shown.append(
                f"{entry.filename}, line {entry.lineno}, in {entry.name}\n    {(text or '').strip()}"
            )
        return [*shown, "".join(traceback.format_exception_only(problem)).rstrip()]
    except BaseException:
        return [f"{type(problem).__name__}: {words_of(problem)}"]


# ---- the room's first process ----------------------------------------------------------------------------------------------


def reseed(seed):
    """The same random numbers for everybody, in those libraries that are there."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def work(sock, key, shell, put_back, given, trusted):
    """Run what comes on the socket until it is closed.

    An order {"run": source, "name": ..., "kind": "given", "answer", "added" or "check", "alone": bool, "word": ..., "code": [code],
    "uses": names} is answered by {"word", "well", "score", "outputs", "seconds", "notes"}. `word` is a secret of the two ends of
    the socket. A check runs in a fork; {"word", "ended": status} follows when it is gone. One that does not run alone runs
    once more here, for what it leaves in the notebook; its verdict is the fork's, in which no thread of the learner's is.
    `put_back`: what snapshot.keeper returned. `given`: the functions, classes and modules that the instructor's cells have bound so
    far. `trusted`: where the code lies that may look around.
    """
    notes, number, own = [], 0, getpid()
    descriptor = sock.detach()
    space = shell.user_ns

    def more(count):
        return read(descriptor, count)

    audit_hook.watch(trusted, notes, door)
    on_signal(signal.SIGINT, SIG_IGN)
    while head := read(descriptor, 1):
        head += exactly(more, 7)
        data = exactly(more, int.from_bytes(head, "big"))
        order, number = loads(enciphered(data, key, number)), number + 1
        if order["kind"] == "check":
            gc.freeze()
            numbers = get_state()
            child = fork()
            if not child:
                set_state(numbers)  # Python seeds it anew in every fork
                check(descriptor, order, space, shell, put_back, given, notes)
                end(0)
            status = wait(child, 0)[1]
            if not order["alone"]:
                on_signal(signal.SIGINT, default_int_handler)
                prepare(order, space, put_back, given)
                judge(order, space, fresh_page(shell))
            answer = {"word": order["word"], "ended": status}
        else:
            before, started = dict(space), clock()
            if order["kind"] == "given":
                notes += [f"it had changed {what}" for what in put_back()[:5]]
            on_signal(signal.SIGINT, default_int_handler)
            well, outputs = shell.run(order["run"])
            answer = said(order, well is True, None, outputs, started, notes)
            if order["kind"] == "given":
                given |= {
                    name: value
                    for name, value in space.items()
                    if not name.startswith("_")
                    and before.get(name) is not value
                    and isinstance(value, snapshot.FIXED)
                }
        on_signal(signal.SIGINT, SIG_IGN)
        while (
            getpid() != own
        ):  # a fork of the learner's that came out of the cell at its end: it waits to be found
            pause()
        reply(descriptor, answer)


def prepare(order, space, put_back, given):
    """Put back all that was changed, so that a check finds what the instructor left; return the names of it."""
    snapshot.calm()
    changed = put_back()
    for name, value in given.items():
        if space.get(name) is not value and name in order["uses"]:
            changed.append(f"the notebook's `{name}`")
            space[name] = value
    return changed


def check(descriptor, order, space, shell, put_back, given, notes):
    """In a fork: run a check and say how it ended."""
    started = clock()
    notes += [f"it had changed {what}" for what in prepare(order, space, put_back, given)[:5]]
    page = fresh_page(shell)
    if len(threads()) > 1:  # a fork has but one, so a hook of the learner's has started another
        notes.append("it started a thread in the process of its check")
        return reply(
            descriptor,
            said(
                order,
                False,
                None,
                [refused("it started a thread in the process of its check")],
                started,
                notes,
            ),
        )
    started = clock()
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(
            1
        )  # a pool of threads does not live through a fork: who waits for it waits for ever
    well, score = judge(order, space, page)
    judged = clock()
    during, outputs = put_back() if well else [], page.outputs
    if during:
        notes.append(f"while it was checked it changed {', '.join(during[:3])}")
        well, score, outputs = (
            False,
            None,
            [*outputs, refused(f"it changed {during[0]} while it was checked")],
        )
    if score is not None:
        outputs = [
            *outputs,
            {
                "output_type": "execute_result",
                "data": {"text/plain": f"{score:g}"},
                "metadata": {},
                "execution_count": None,
            },
        ]
    reply(
        descriptor, said(order, well, score, outputs, started + clock() - judged, notes)
    )  # the check's own time, without putting back


def refused(why):
    return {
        "output_type": "error",
        "ename": "Refused",
        "evalue": f"The answer was refused: {why}",
        "traceback": [f"The answer was refused: {why}."],
    }


def said(order, well, score, outputs, started, notes):
    answer = {
        "word": order["word"],
        "well": well,
        "score": score,
        "outputs": outputs,
        "seconds": clock() - started,
        "notes": notes[:20],
    }
    notes.clear()
    return answer


def reply(descriptor, answer):
    try:
        data = "".join(encoded(answer, 0)).encode()
    except Exception:  # the learner's code has put things on the page that are no text
        data = "".join(encoded(answer | {"outputs": []}, 0)).encode()
    data = head_of(data) + data
    while data:
        data = data[write(descriptor, data) :]


def started(modules):
    """A shell with these modules imported, as a notebook would find them: the state that everything is forked from."""
    shell = Shell.instance()
    sys.modules["__main__"] = shell.user_module
    gc.disable()  # imports make much that stays: to look through it for garbage takes a fifth of their time
    import_all(modules)
    gc.enable()
    sys.path.insert(0, "")  # as in a notebook, what lies beside it can be imported
    return shell


def import_all(modules):
    for name in modules:
        with contextlib.suppress(
            Exception
        ):  # what cannot be imported fails again, and is shown, in the cell that asks for it
            __import__(name)


def hide():
    """Take the engine out of sys.modules, so that who imports it from now on gets another copy."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "nbjudge"]:
        del sys.modules[name]
