"""Refuses student code the ways into the frames and objects of the code that judges it.

What it tried is noted for the instructor. A process that runs foreign code can make this hard, but
not impossible: see docs/attacks.md. This is why what can be judged as data is judged elsewhere.
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
    """Code under test reached for what is not its business."""


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
# Libraries that may raise these events for the student, because they hand nothing of it on.
LIBRARIES = {"matplotlib", "PIL", "tqdm", "typing_extensions"} | libraries.trusted_callers()
TELL_FRAMES = libraries.tell_frames()  # modules of libraries that do hand it on
ACT_FOR_CALLER = ("ctypes", *libraries.act_for_caller())  # they do nothing of their own accord
SILENT = ("memmove", "memset", "_cast")  # functions of ctypes that write memory without an event
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


def kind_of(event: str, arguments: tuple[Any, ...], trusted: tuple[str, ...]) -> str | None:
    """What an audit event reaches for, a key of MAY or "nobody"; None for a harmless event."""
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
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def watch(
    trusted: Iterable[str], notes: list[str], audited_call: Callable[[str], Callable[..., Any]]
) -> None:
    """Refuse, for the rest of this process, what student code has no business with.

    It may not do it, nor let a library do it that could hand on what it finds: only those in `MAY`
    are let through. `trusted`: prefixes of the file names of other code. Each refusal is a sentence
    in `notes`. A hook cannot be taken out again (PEP 578). Three functions of ctypes write into
    memory without an event: `audited_call` (shell.py) gives them one.
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
        """Whether `frame`, which raised the event, may do so."""
        name, caller = name_of(frame), frame.f_back
        while name.startswith(ACT_FOR_CALLER) and caller is not None:
            frame, name, caller = caller, name_of(caller), caller.f_back
        around = name_of(caller)
        if foreign(frame) or name.startswith(TELL_FRAMES):
            return False
        if kind == "frames" and name in ("traceback", "logging"):
            # For themselves or a library, and not for the student who calls them.
            own = around == name or around.partition(".")[0] in LIBRARIES
            return own and frame.f_code.co_name != "walk_stack"
        if kind == "frames" and frame.f_code.co_name == "get_local_scope":
            # A magic that wants the names of the cell it stands in.
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
        kind = kind_of(event, arguments, places)
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
            # What a library does when it is first imported has nothing of the student's in it.
            by_import = importing and kind != "nobody"
            by_student = above is not None or me != main
            if by_student and not by_import and not let_through(kind, asks):
                what = f"{event} {arguments[1]}" if event.startswith("object.") else event
                through = "" if foreign(asks) else f" through {asks.f_globals.get('__name__')}"
                notes.append(f"it reached for `{what}`{through}")
                raise Refused(f"{what} is not available in an answer")
            if event == "ctypes.door":
                arguments[2].append(silent[arguments[0]](*arguments[1]))
        finally:
            busy.discard(me)

    sys.addaudithook(hook)
