"""An audit hook that notes what student code reaches for; it refuses nothing.

It sees what no text tells, such as `getattr(sys, "_get" + "frame")`. Only what the student's own
code does directly is noted: libraries look at frames and memory for good reasons. A few functions
of Python's library hand on to their caller what they reach for, so their caller counts in their
place. What the lesson's own cells mention is ordinary and not noted.
"""

import builtins
import sys
from _thread import get_ident
from collections.abc import Callable, Collection, Iterable
from types import FrameType
from typing import Any

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

frame_of = sys._getframe

# Audit events (docs.python.org/3/library/audit_events.html) that lead to frames, to other people's
# objects, to code or to raw memory.
EVENTS = {
    "sys._getframe",
    "sys._getframemodulename",
    "sys._current_frames",
    "sys._current_exceptions",
    "sys.settrace",
    "sys.setprofile",
    "sys.monitoring.register_callback",
    "gc.get_objects",
    "gc.get_referrers",
    "gc.get_referents",
    "code.__new__",
    "function.__new__",
}
ADD_HOOK = "sys.addaudithook"
COMPILED = "a compiled module"
DISGUISED = "code with the file name of a library"
KEYWORDS = "__kwdefaults__"  # a dictionary that can be changed in place
INSIDE = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "gi_code", "cr_code", "ag_code"}
REWRITING = {"__code__", "__defaults__", "__kwdefaults__", "__closure__", "__globals__"}
# Top-level modules that hand on what they reach for; their caller counts in their place.
ACT_FOR_CALLER = {"inspect", "string", "functools", "asyncio", "ctypes", "ast", "code", "codeop"}
IMPORTING = ACT_FOR_CALLER | {"importlib"}  # the same, when a compiled module is imported
# The same, of a module that otherwise reaches for itself: (module, function).
FUNCTIONS_FOR_CALLER = {
    ("traceback", "walk_stack"),
    ("traceback", "extended_frame_gen"),
    ("traceback", "_extract_from_extended_frame_gen"),
    ("traceback", "extract"),
    ("importlib._bootstrap", "_call_with_frames_removed"),
    ("importlib._bootstrap_external", "source_to_code"),
    ("importlib.abc", "source_to_code"),
    ("importlib._abc", "source_to_code"),
    ("IPython.core.interactiveshell", "get_local_scope"),
    ("numpy.ctypeslib", "load_library"),
    ("numpy.ctypeslib._ctypeslib", "load_library"),
}


def reached_by(event: str, arguments: tuple[Any, ...], trusted: tuple[str, ...]) -> str | None:
    """Return what an audit event reaches for, None for a harmless one."""
    if event == "object.__getattr__":
        return arguments[1] if arguments[1] in INSIDE or arguments[1] == KEYWORDS else None
    if event == "object.__setattr__":
        return arguments[1] if arguments[1] in REWRITING else None
    if event in EVENTS or event == ADD_HOOK:
        return event.removeprefix("sys.").removeprefix("gc.")
    if event.startswith("ctypes."):
        return "ctypes"
    if event == "import":  # of a compiled module, when it has a file
        file = arguments[1]
        own = isinstance(file, str) and not file.startswith(trusted)
        return COMPILED if own else None
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = text(arguments[0])
        folder = path.rpartition("/")[0]
        if path.endswith(".pyc") and not folder.endswith("/__pycache__"):
            return None if path.startswith(trusted) else COMPILED
        return "its own memory" if path.endswith("/mem") else None
    if event == "compile" and isinstance(arguments[1], (str, bytes)):
        return DISGUISED if text(arguments[1]).startswith(trusted) else None
    if event in ("marshal.loads", "marshal.load"):  # code with any file name
        return "marshal"
    return None


def text(value: str | bytes) -> str:
    """Return a text or bytes as a text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def watch(trusted: Iterable[str], ordinary: Collection[str], tell: Callable[[str], None]) -> None:
    """Install the hook for the rest of this process (PEP 578).

    `trusted`: prefixes of the file names of code that is not the student's. `ordinary`: names that
    the lesson mentions. `tell` is called with a sentence for the instructor.

    One thing does not happen: another audit hook is not added, without a word to its caller. It
    would see the hidden tests, and Python cannot remove it.
    """
    places, busy, usual = tuple(trusted), set(), frozenset(ordinary)

    def foreign(frame: FrameType) -> bool:
        """Return whether a frame runs the student's code."""
        file = frame.f_code.co_filename
        if file.startswith(places):
            return False
        # Libraries make code from texts, with the names of a module of theirs.
        home = sys.modules.get(str(frame.f_globals.get("__name__")))
        made = file.startswith("<") and getattr(home, "__dict__", None) is frame.f_globals
        return not made or getattr(home, "__name__", "") == "__main__"

    def students_frame(frame: FrameType | None, acting: Collection[str]) -> FrameType | None:
        """Return the student's frame that an event in `frame` is due to, if there is one.

        `acting`: top-level modules that act for their callers.
        """
        while frame is not None and not foreign(frame):
            name = str(frame.f_globals.get("__name__"))
            acts = name.partition(".")[0] in acting
            if not acts and (name, frame.f_code.co_name) not in FUNCTIONS_FOR_CALLER:
                return None
            frame = frame.f_back
        return frame

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        what = reached_by(event, arguments, places)
        me = get_ident()
        if what is None or me in busy:
            return
        busy.add(me)
        try:
            acting = IMPORTING if what == COMPILED else ACT_FOR_CALLER
            # inspect reads the defaults of a function, but hands no dictionary of them on.
            frame = students_frame(frame_of(1), () if what == KEYWORDS else acting)
            if what in usual:
                return
            if frame is not None:
                tell(f"it reached for `{what}` (line {frame.f_lineno})")
            if event == ADD_HOOK:
                raise RuntimeError("no other audit hook is added")
        finally:
            busy.discard(me)

    sys.addaudithook(hook)
