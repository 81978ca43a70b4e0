"""An audit hook that keeps student code from the frames and objects of the code that judges it.

Each refusal is noted for the instructor. Inside one process this makes cheating hard, but not
impossible: docs/attacks.md lists what still works. A course should therefore judge as data, in
another process, whatever can be judged as data.
"""

import _ctypes
import builtins
import ctypes
import os
import sys
from _thread import get_ident
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from nbjudge import libraries

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

frame_of, exists = sys._getframe, os.path.exists


class Refused(RuntimeError):
    """Raised in student code that has tried something which the hook refuses."""


# Audit events (docs.python.org/3/library/audit_events.html) that lead to frames, to other people's
# objects or to raw memory.
FRAMES = {
    "sys._getframe",
    "sys._getframemodulename",
    "sys._current_frames",
    "sys._current_exceptions",
}
OBJECTS = {"gc.get_objects", "gc.get_referrers", "gc.get_referents"}
HOOKS = {"sys.addaudithook", "sys.settrace", "sys.setprofile", "sys.monitoring.register_callback"}
CODE = {"code.__new__", "function.__new__", "marshal.loads"}
INSIDE = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "gi_code", "cr_code", "ag_code"}
REWRITING = {"__code__", "__defaults__", "__kwdefaults__", "__closure__", "__globals__"}
# Libraries that may raise these events when a student calls them: they keep the frames and objects
# to themselves, so the student cannot get at them.
LIBRARIES = {"matplotlib", "PIL", "tqdm", "typing_extensions"} | libraries.trusted_callers()
TELL_FRAMES = libraries.tell_frames()  # modules of these libraries that return frames to callers
ACT_FOR_CALLER = ("ctypes", *libraries.act_for_caller())  # their caller counts in their place
SILENT = ("memmove", "memset", "_cast")  # functions of ctypes that write memory without an event
# {kind of event: modules and top-level packages that may raise it for a student}
MAY = {
    "frames": {
        "collections",
        "typing",
        "enum",
        "warnings",
        "dataclasses",
        "abc",
        "importlib",
        "unittest",
        "IPython.core.magic",
    }
    | LIBRARIES,
    "objects": LIBRARIES,
    "hooks": {"cProfile"},
    "code": {"importlib", "zipimport", "collections"} | LIBRARIES,
    "memory": {"importlib", "multiprocessing", "uuid", "_ctypes"} | LIBRARIES,
}


def kind_of_event(event: str, arguments: tuple[Any, ...], trusted: tuple[str, ...]) -> str | None:
    """Return the kind of an audit event: a key of MAY, "nobody" for what no module may do for a
    student, None for a harmless event."""
    if event == "object.__getattr__":
        return "frames" if arguments[1] in INSIDE else None
    if event == "object.__setattr__":
        return "code" if arguments[1] in REWRITING else None
    if event in FRAMES:
        return "frames"
    if event in OBJECTS:
        return "objects"
    if event in HOOKS:
        return "hooks"
    if event in CODE:
        return "code"
    if event == "ctypes.dlopen":
        path = text(arguments[0])
        by_name = arguments[0] is None or "/" not in path
        return "memory" if by_name or path.startswith(trusted) else "nobody"
    if event.startswith("ctypes."):
        return "memory"
    if event == "import":  # of a compiled module, when it has a file
        file = arguments[1]
        return "nobody" if isinstance(file, str) and not file.startswith(trusted) else None
    if event == "compile":  # under the name of a file that may look around
        return "code" if text(arguments[1]).startswith(trusted) else None
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = text(arguments[0])
        if path.endswith("/mem"):
            return "nobody"
        compiled = path.endswith(".pyc") and not path.startswith(trusted)
        return "nobody" if compiled and exists(path) else None
    return None


def text(value: Any) -> str:
    """Return a text or bytes as a text, "" for anything else."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def watch(
    trusted: Iterable[str], notes: list[str], audited_call: Callable[[str], Callable[..., Any]]
) -> None:
    """Install the hook, which refuses some operations for the rest of this process (PEP 578).

    It refuses them to student code, and to a library that student code calls, unless the library is
    in `MAY`. `trusted`: prefixes of the file names of code that is not the student's. Each refusal
    adds a sentence to `notes`. Three functions of ctypes write to memory without an audit event:
    they are replaced by `audited_call` (shell.py), which raises one.
    """
    places, busy, main = tuple(trusted), set(), get_ident()
    silent = {name: getattr(ctypes, name) for name in SILENT}
    for name in silent:
        setattr(ctypes, name, audited_call(name))
        vars(_ctypes).pop(f"_{name.strip('_')}_addr", None)
    stand_in = ctypes.memmove.__code__  # type: ignore[attr-defined]

    def foreign(frame: FrameType) -> bool:
        return not frame.f_code.co_filename.startswith(places)

    def name_of(frame: FrameType | None) -> str:
        return str(frame.f_globals.get("__name__")) if frame is not None else ""

    def let_through(kind: str, frame: FrameType) -> bool:
        """Return whether `frame`, which raised an event of this kind, may do so."""
        name, caller = name_of(frame), frame.f_back
        while name.startswith(ACT_FOR_CALLER) and caller is not None:
            frame, name, caller = caller, name_of(caller), caller.f_back
        around = name_of(caller)
        if foreign(frame) or name.startswith(TELL_FRAMES):
            return False
        if kind == "frames" and name in ("traceback", "logging"):
            # These two may look at frames for themselves or for a library, but not for a student
            # who calls them directly.
            own = around == name or around.partition(".")[0] in LIBRARIES
            return own and frame.f_code.co_name != "walk_stack"
        if kind == "frames" and frame.f_code.co_name == "get_local_scope":
            # An IPython magic such as %timeit asks for the names of the cell that it is in.
            return (
                around.startswith("IPython.")
                and frame.f_locals["stack_depth"] == 1
                and foreign(caller.f_back)  # type: ignore[union-attr, arg-type]
            )
        top = name.partition(".")[0]
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            top = "importlib"
        return top in MAY.get(kind, ()) or name in MAY.get(kind, ())

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        kind = kind_of_event(event, arguments, places)
        me = get_ident()
        if kind is None or me in busy:
            return
        busy.add(me)
        try:
            asks, importing = frame_of(1), False
            if asks.f_code is stand_in:
                asks = asks.f_back  # type: ignore[assignment]
            above: FrameType | None = asks
            while above is not None and not foreign(above):
                frozen = above.f_code.co_filename.startswith("<frozen importlib")
                importing = importing or (above is not asks and frozen)
                above = above.f_back
            # While a library is imported for the first time, it runs its own code only.
            by_import = importing and kind != "nobody"
            by_student = above is not None or me != main
            if by_student and not by_import and not let_through(kind, asks):
                what = f"{event} {arguments[1]}" if event.startswith("object.") else event
                through = "" if foreign(asks) else f" through {asks.f_globals.get('__name__')}"
                notes.append(f"it reached for `{what}`{through}")
                raise Refused(f"{what} is not available in an answer")
            if event == "ctypes.write_memory":
                arguments[2].append(silent[arguments[0]](*arguments[1]))
        finally:
            busy.discard(me)

    sys.addaudithook(hook)
