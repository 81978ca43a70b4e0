"""Keeping a check honest in a process in which a learner's code has run.

Before a check, every function, class and module that was there before the learner is put back where it was (`Snapshot`). While
the learner's code runs, `watch` refuses the ways into the frames and objects of the code that judges it. What such code tried is
noted for the instructor. A process that runs foreign code can make that hard and not impossible, see docs/attacks.md: this is
why what can be judged as data is judged elsewhere.
"""
import builtins
import gc
import signal
import sys
import threading
import types
import warnings
from operator import is_

FIXED = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, types.MethodDescriptorType, types.WrapperDescriptorType,
         types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodType, staticmethod, classmethod, property)
# sys.audit events (docs.python.org/3/library/audit_events.html) that lead to frames, to other people's objects or to raw memory
LOOKING = {"sys._getframe", "sys._getframemodulename", "sys._current_frames", "sys._current_exceptions", "gc.get_objects",
           "gc.get_referrers", "gc.get_referents", "code.__new__", "function.__new__", "sys.addaudithook", "sys.settrace", "sys.setprofile",
           "sys.monitoring.register_callback", "os.register_at_fork"}
INSIDE = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_back", "gi_code", "cr_code", "ag_code"}
WALKERS = ("inspect", "traceback", "ctypes", "threading", "pdb", "bdb", "logging", "types", "gc")  # libraries that would fetch it for others
REWRITING = {"__code__", "__defaults__", "__kwdefaults__", "__closure__", "__globals__"}


class Refused(RuntimeError):
    """Code under test reached for what is not its business."""


class Snapshot:
    """Where the functions, classes and modules were that a check can reach. It is taken before any of the learner's code has run.

    A check reaches what its notebook and the instructor's modules import, and what those modules import in their turn. Looking at
    every module there is would touch, and so copy, most of a forked process's memory at every check.
    """

    def __init__(self, space, own=()):
        """`space`: the notebook's names. `own`: top-level names of the instructor's packages, whose plain data is kept, too."""
        self.modules = dict(sys.modules)
        self.builtins = dict(vars(builtins))
        self.paths = {name: list(getattr(sys, name)) for name in ("path", "meta_path", "path_hooks")}
        self.places = []
        mine = [module for name, module in self.modules.items() if name.partition(".")[0] in own]
        first = list(dict.fromkeys([*mine, *referred(vars(module) for module in mine), *referred([space])]))
        seen = {id(module): module for module in [builtins, *first, *referred(vars(module) for module in first)]}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for module in seen.values():
                self._note(module, vars(module), module in mine)
                for kind in [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]:
                    self._note(kind, dict(vars(kind)), False)
            for kind in {id(kind): kind for module in first for value in vars(module).values() if isinstance(value, type) for kind in value.__mro__
                         if id(sys.modules.get(kind.__module__)) not in seen}.values():
                self._note(kind, dict(vars(kind)), False)

    def _note(self, owner, space, keeps_data):
        kept = {name: value for name, value in space.items() if isinstance(value, FIXED) or (keeps_data and not name.startswith("__"))}
        copies = {name: value.copy() for name, value in kept.items() if keeps_data and type(value) in (dict, list, set)}
        if kept:
            self.places.append((owner, tuple(kept), tuple(kept.values()), copies))

    def changes(self):
        """[(owner, name, value)] of what is no longer where it was."""
        found = []
        for owner, names, values, copies in self.places:
            space = owner.__dict__ if isinstance(owner, types.ModuleType) else type.__dict__["__dict__"].__get__(owner)
            if not all(map(is_, map(space.get, names), values)):
                found += [(owner, name, value) for name, value in zip(names, values)
                          if space.get(name) is not value and not wraps(space.get(name), value)]
            found += [(owner, name, values[names.index(name)]) for name, copy in copies.items() if space.get(name) != copy]
        return found

    def put_back(self):
        """Put everything back; return the names of what had been changed, as `module.name`."""
        changed = [f"builtins.{name}" for name, value in self.builtins.items() if vars(builtins).get(name) is not value and name != "_"]
        for name in changed:
            setattr(builtins, name.partition(".")[2], self.builtins[name.partition(".")[2]])
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                changed.append(f"sys.modules[{name}]")
                sys.modules[name] = module
        for owner, name, value in self.changes():
            changed.append(f"{getattr(owner, '__module__', None) or owner.__name__}.{name}" if isinstance(owner, types.ModuleType)
                           else f"{owner.__module__}.{owner.__qualname__}.{name}")
            type.__setattr__(owner, name, value) if isinstance(owner, type) else owner.__dict__.__setitem__(name, value)
        for _, names, values, copies in self.places:
            for name, copy in copies.items():
                data = values[names.index(name)]
                if data != copy:
                    data.clear()
                    data.extend(copy) if type(data) is list else data.update(copy)
        for name, entries in self.paths.items():
            getattr(sys, name)[:] = entries
        return sorted(set(changed))


def referred(spaces):
    """The modules that these namespaces hold, and those in which the functions and classes they hold were written."""
    found = {}
    for space in spaces:
        for value in list(space.values()):
            if isinstance(value, types.ModuleType):
                found[id(value)] = value
            elif isinstance(value, (types.FunctionType, type)):
                home = sys.modules.get(value.__module__ or "")
                if isinstance(home, types.ModuleType):
                    found[id(home)] = home
    return list(found.values())


def wraps(new, old):
    """Whether an installed library has wrapped its own function, as torch.optim does when the first optimizer is made."""
    code = getattr(new, "__code__", None)
    return code is not None and getattr(new, "__wrapped__", None) is old and code.co_filename.startswith((sys.prefix, sys.base_prefix))


def calm():
    """No tracing, no other thread's business, no callbacks, no signal handlers but Python's own."""
    sys.settrace(None)
    sys.setprofile(None)
    threading.settrace(None)
    threading.setprofile(None)
    gc.callbacks.clear()
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0)


def watch(trusted, notes):
    """Refuse, for the rest of this process, what code outside the `trusted` places (prefixes of file names) has no business with.

    Each refusal is a sentence in `notes`. A hook cannot be taken out again (PEP 578).
    """
    trusted, frame_of, busy = tuple(trusted), sys._getframe, []

    def foreign(frame):
        return frame is not None and not frame.f_code.co_filename.startswith(trusted)

    def hook(event, arguments):
        if busy:
            return
        if event == "object.__getattr__":
            reached = arguments[1] in INSIDE
        elif event == "object.__setattr__":
            reached = arguments[1] in REWRITING
        elif event == "open":
            reached = isinstance(arguments[0], str) and arguments[0].startswith("/proc/") and arguments[0].endswith(("/mem", "/maps"))
        elif event == "compile":
            reached = isinstance(arguments[1], (str, bytes)) and str(arguments[1]).startswith(trusted) and len(str(arguments[1])) > 1
        else:
            reached = event in LOOKING or event.startswith("ctypes.")
        if not reached:
            return
        busy.append(event)
        try:
            frame = frame_of(1)
            through = str(frame.f_globals.get("__name__")).partition(".")[0] in WALKERS
            if foreign(frame) or (through and (foreign(frame.f_back) or event in ("sys.settrace", "sys.setprofile"))):
                what = f"{event} {arguments[1]}" if event.startswith("object.") else event
                notes.append(f"it reached for `{what}`")
                raise Refused(f"{what} is not available in an answer")
        finally:
            busy.clear()

    sys.addaudithook(hook)
