"""Refusing, while a learner's code runs, the ways into the frames and objects of the code that judges it.

What such code tried is noted for the instructor. A process that runs foreign code can make that hard and not impossible, see
docs/attacks.md: this is why what can be judged as data is judged elsewhere.
"""

import _ctypes
import builtins
import ctypes
import os
import sys
from _thread import get_ident

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

frame_of, exists = sys._getframe, os.path.exists


class Refused(RuntimeError):
    """Code under test reached for what is not its business."""


# sys.audit events (docs.python.org/3/library/audit_events.html) that lead to frames, to other people's objects or to raw memory, and the
# libraries that may raise them on the learner's behalf because they hand nothing of it on
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
LIBRARIES = {
    "torch",
    "torchvision",
    "safetensors",
    "numpy",
    "scipy",
    "sklearn",
    "matplotlib",
    "PIL",
    "pandas",
    "joblib",
    "threadpoolctl",
    "tqdm",
    "typing_extensions",
}
SILENT = ("memmove", "memset", "_cast")  # what writes into memory without an event
TALKERS = ("torch._jit_internal", "torch.utils._traceback", "torch._dynamo")  # these do hand it on
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


def kind_of(event, arguments, trusted):
    """What sort of reach an audit event is; None for one that is nobody's concern."""
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
        return (
            "memory"
            if arguments[0] is None
            or "/" not in text(arguments[0])
            or text(arguments[0]).startswith(trusted)
            else "nobody"
        )
    if event.startswith("ctypes."):
        return "memory"
    if event == "import":  # of a compiled module, when it has a file
        return (
            "nobody"
            if isinstance(arguments[1], str) and not arguments[1].startswith(trusted)
            else None
        )
    if event == "compile":  # under the name of a file that may look around
        return "code" if text(arguments[1]).startswith(trusted) else None
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = text(arguments[0])
        return (
            "nobody"
            if path.endswith("/mem")
            or (path.endswith(".pyc") and not path.startswith(trusted) and exists(path))
            else None
        )
    return None


def text(value):
    return (
        value.decode(errors="replace")
        if isinstance(value, bytes)
        else value
        if isinstance(value, str)
        else ""
    )


def watch(trusted, notes, door):
    """Refuse, for the rest of this process, what code outside the `trusted` places (prefixes of file names) has no business with.

    Such code may not do it, nor let a library do it that could hand on what it finds: only those in `MAY` are let through. Each
    refusal is a sentence in `notes`. A hook cannot be taken out again (PEP 578). Three functions of ctypes write into memory
    without an event: behind a `door` (shell.py) they have one.
    """
    trusted, busy, main = tuple(trusted), set(), get_ident()
    silent = {name: getattr(ctypes, name) for name in SILENT}
    for name in silent:
        setattr(ctypes, name, door(name))
        vars(_ctypes).pop(f"_{name.strip('_')}_addr", None)
    at_the_door = ctypes.memmove.__code__

    def foreign(frame):
        return not frame.f_code.co_filename.startswith(trusted)

    def let_through(kind, frame):
        """`frame` is what raised the event."""
        name, caller = str(frame.f_globals.get("__name__")), frame.f_back
        while (
            name.startswith(("ctypes", "numpy.ctypeslib")) and caller is not None
        ):  # these do nothing of their own accord
            frame, name, caller = caller, str(caller.f_globals.get("__name__")), caller.f_back
        around = str(caller.f_globals.get("__name__")) if caller is not None else ""
        if foreign(frame) or name.startswith(TALKERS):
            return False
        if kind == "frames" and name in (
            "traceback",
            "logging",
        ):  # for themselves or a library, and not for the learner who calls them
            return (
                around == name or around.partition(".")[0] in LIBRARIES
            ) and frame.f_code.co_name != "walk_stack"
        if (
            kind == "frames" and frame.f_code.co_name == "get_local_scope"
        ):  # a magic that wants the names of the cell it stands in
            return (
                around.startswith("IPython.")
                and frame.f_locals["stack_depth"] == 1
                and foreign(caller.f_back)
            )
        top = (
            "importlib"
            if frame.f_code.co_filename.startswith("<frozen importlib")
            else name.partition(".")[0]
        )
        return top in MAY.get(kind, ()) or name in MAY.get(kind, ())

    def hook(event, arguments):
        kind = kind_of(event, arguments, trusted)
        me = get_ident()
        if kind is None or me in busy:
            return
        busy.add(me)
        try:
            asks, importing = frame_of(1), False
            if asks.f_code is at_the_door:
                asks = asks.f_back
            above = asks
            while above is not None and not foreign(above):
                importing = importing or (
                    above is not asks and above.f_code.co_filename.startswith("<frozen importlib")
                )
                above = above.f_back
            # what a library does when it is first imported has nothing of the learner's in it
            if (
                not (importing and kind != "nobody")
                and (above is not None or me != main)
                and not let_through(kind, asks)
            ):
                what = f"{event} {arguments[1]}" if event.startswith("object.") else event
                through = "" if foreign(asks) else f" through {asks.f_globals.get('__name__')}"
                notes.append(f"it reached for `{what}`{through}")
                raise Refused(f"{what} is not available in an answer")
            if event == "ctypes.door":
                arguments[2].append(silent[arguments[0]](*arguments[1]))
        finally:
            busy.discard(me)

    sys.addaudithook(hook)
