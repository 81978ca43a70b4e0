"""Keeping a check honest in a process in which a learner's code has run.

Before a check, everything that was there before the learner is put back where it was (`keeper`). While the learner's code runs,
`watch` refuses the ways into the frames and objects of the code that judges it. What such code tried is noted for the
instructor. A process that runs foreign code can make that hard and not impossible, see docs/attacks.md: this is why what can
be judged as data is judged elsewhere.

Here are only functions: every class can be found among the subclasses of `object`, and its methods lead to what they use.
"""
import _ctypes
import builtins
import ctypes
import functools
import gc
import os
import struct
import sys
import threading
import types
import warnings
from _signal import ITIMER_REAL, SIG_DFL, SIGALRM, SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, default_int_handler, setitimer
from _signal import signal as on_signal
from _thread import get_ident
from array import array
from itertools import accumulate
from operator import is_

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

FIXED = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, types.MethodDescriptorType, types.WrapperDescriptorType,
         types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodType, staticmethod, classmethod, property)
CACHE = functools._lru_cache_wrapper
settrace, setprofile, frame_of, class_space, cell_content, asked_of, emptied = (
    sys.settrace, sys.setprofile, sys._getframe, type.__dict__["__dict__"].__get__, types.CellType.cell_contents.__get__,
    CACHE.cache_info, CACHE.cache_clear)
modules, exists = sys.modules, os.path.exists
UNVERSIONED = (3, 13)  # the first Python whose dictionaries have no version


class Refused(RuntimeError):
    """Code under test reached for what is not its business."""


def without_warnings(function):
    """A function that looks at everything meets much that is deprecated."""
    @functools.wraps(function)
    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)
    return run


# ---- putting back ----------------------------------------------------------------------------------------------------------


@without_warnings
def keeper(space, own=()):
    """Return a function that puts everything back and returns the names of what had been changed, as `module.name`.

    Call it before any of the learner's code has run. `space`: the notebook's names. `own`: top-level names of the instructor's
    packages, whose data is kept, too. A check reaches what its notebook and the instructor's modules import, and what those
    modules import in their turn. Looking at every module there is would touch, and so copy, most of a forked process's memory
    at every check.
    """
    mine = [module for name, module in modules.items() if name.partition(".")[0] in own]
    first = list(dict.fromkeys([*mine, *referred(vars(module) for module in mine), *referred([space])]))
    seen = {id(module): module for module in [builtins, *first, *referred(vars(module) for module in first)]}
    places, functions = [], {}

    def note(owner, names, keeps_data):
        kept = {name: value for name, value in names.items() if not name.startswith("__") or isinstance(value, FIXED)}
        kept = {name: value for name, value in kept.items() if keeps_data or callable(value) or isinstance(value, FIXED)}
        if owner is ctypes:  # `watch` puts doors before these, and they must stay
            kept = {name: value for name, value in kept.items() if name not in SILENT}
        if kept:
            places.append((owner, tuple(kept), tuple(kept.values())))
        for value in kept.values():
            while isinstance(value, types.FunctionType) and id(value) not in functions:  # what a decorator has wrapped, too
                functions[id(value)] = value, f"{value.__module__}.{value.__qualname__}"
                value = getattr(value, "__wrapped__", None)

    for module in seen.values():
        note(module, vars(module), module in mine)
        for kind in [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]:
            note(kind, dict(vars(kind)), False)
    for kind in {id(kind): kind for module in first for value in vars(module).values() if isinstance(value, type) for kind in value.__mro__
                 if id(modules.get(kind.__module__)) not in seen}.values():
        note(kind, dict(vars(kind)), False)
    # what a module's names hold is one thing, what is inside of that another: closures, defaults, and the data of the instructor's own
    cells = [(cell, name) for function, name in functions.values() for cell in function.__closure__ or () if filled(cell)]
    cells = [(cell, cell_content(cell), name) for cell, name in cells if isinstance(cell_content(cell), FIXED)]
    defaults = [(function, function.__defaults__, function.__kwdefaults__, dict(function.__kwdefaults__ or {}), name)
                for function, name in functions.values() if function.__defaults__ or function.__kwdefaults__]
    data = [(value, contents(value), f"{module.__name__}.{name}") for module in mine for name, value in vars(module).items()
            if not name.startswith("__") and contents(value) is not None]
    data.sort(key=lambda entry: type(entry[0]) is not dict)  # dictionaries first, which `watcher` can watch
    watched = sum(type(value) is dict for value, *_ in data)
    values = {id(cache): cache() for cache in caches_of(mine) if needs_nothing(cache) and asked_of(cache).currsize}
    caches = [[cache, tuple(asked_of(cache))[:2], values.get(id(cache))] for cache in caches_of(mine)]
    loaded, basic = dict(modules), dict(vars(builtins))
    paths = [(name, getattr(sys, name), list(getattr(sys, name))) for name in ("path", "meta_path", "path_hooks")]
    paths[0][2].sort(key="".__eq__)  # in a check the working folder comes last: nothing in it hides an installed module
    touched = watcher([vars(owner) if isinstance(owner, types.ModuleType) else gc.get_referents(class_space(owner))[0] for owner, _, _ in places])
    importers = sys.path_importer_cache
    names_touched, data_touched = watcher([vars(builtins), modules]), watcher([value for value, *_ in data[:watched]])
    inside_touched = watcher(
        [named for _, _, named, _, _ in defaults if named],
        [(cell, "cell_contents") for cell, _, _ in cells]
        + [(function, name) for function, *_ in defaults for name in ("__defaults__", "__kwdefaults__")])
    owners, names_of, values_of = [place[0] for place in places], [place[1] for place in places], [place[2] for place in places]

    def put_back():
        changed = []
        tables = names_touched()
        for name, value in basic.items() if 0 in tables else ():
            if vars(builtins).get(name) is not value and name != "_":
                changed.append(f"builtins.{name}")
                vars(builtins)[name] = value
        for name, module in loaded.items() if 1 in tables else ():
            if modules.get(name) is not module:
                changed.append(f"sys.modules[{name}]")
                modules[name] = module
        for place in touched():
            owner, names, values = owners[place], names_of[place], values_of[place]
            now = class_space(owner) if isinstance(owner, type) else owner.__dict__
            if all(map(is_, map(now.get, names), values)):
                continue
            for name, value in zip(names, values):
                if now.get(name) is not value:
                    if not wraps(now.get(name), value):
                        changed.append(f"{owner.__module__}.{owner.__qualname__}.{name}" if isinstance(owner, type) else f"{owner.__name__}.{name}")
                    type.__setattr__(owner, name, value) if isinstance(owner, type) else now.__setitem__(name, value)
        moved = inside_touched()
        for cell, content, name in cells if moved else ():
            if inside(cell) is not content:
                changed.append(name)
                cell.cell_contents = content
        for function, plain, named, copy, name in defaults if moved else ():
            if function.__defaults__ is not plain or function.__kwdefaults__ is not named or (copy and not same(named, copy)):
                changed.append(name)
                function.__defaults__, function.__kwdefaults__ = plain, named
                if named is not None:
                    named.clear()
                    named.update(copy)
        for value, before, name in [*(data[place] for place in data_touched()), *data[watched:]]:
            if not same(contents(value), before):
                changed.append(name)
                refill(value, before)
        for place in caches:  # whoever has asked may have changed what he was given
            cache, asked, value = place
            if tuple(asked_of(cache))[:2] != asked or (value is not None and cache() is not value):
                emptied(cache)
                place[2] = None
            place[1] = tuple(asked_of(cache))[:2]
        for name, thing, entries in paths:
            thing[:] = entries
            setattr(sys, name, thing)
        sys.path_importer_cache = {}
        assert importers is not None  # the old one is kept: to take it apart would touch much memory
        return sorted(set(changed))

    return put_back


def watcher(spaces, slots=()):
    """Return a function that gives the indexes of those dictionaries that have been touched, told from their own memory, and after
    them those of the `slots`: (function or cell, name of what it holds).

    To look at each value would touch its reference count, and so copy most of the pages that a forked process shares. Each dictionary
    has a number that every change makes another (PEP 509), up to CPython 3.12. Later, a dictionary whose table lies where it lay, and
    holds the same bytes, holds the same objects. A slot with the same address does, too. Where this Python keeps them in another
    way, all count as touched.
    """
    count, everything, where = len(spaces), range(len(spaces) + len(slots)), offsets()
    if sys.implementation.name != "cpython" or dict.__basicsize__ != 48 or len(where) < 3 or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return lambda: everything
    places = [id(holder) + where[name] for holder, name in slots]
    if sys.version_info < UNVERSIONED:
        return changes([*(id(space) + 24 for space in spaces), *places])
    pointers, tables, sizes = [], [], []
    for space in spaces:
        pointers.append(id(space) + 32)  # CPython's PyDictObject: here it says where its table lies, and after that where values lie that share one
        table, beside = struct.unpack("QQ", ctypes.string_at(pointers[-1], 16))
        tables.append(table)
        sizes.append(0 if beside else space.__sizeof__() - dict.__basicsize__)
    moved = changes([*pointers, *places])
    kept = b"".join(map(ctypes.string_at, tables, sizes))
    held = ctypes.create_string_buffer(kept, len(kept) + 1)
    starts = array("Q", [ctypes.addressof(held) + start for start in accumulate(sizes, initial=0)][:count])
    differ = ctypes.CDLL(None).memcmp
    differ.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]

    def touched():
        assert held  # it lives as long as this function
        elsewhere = set(moved())
        return sorted([*elsewhere, *(place for place in range(count) if place not in elsewhere and differ(tables[place], starts[place], sizes[place]))])

    return touched


def changes(places):
    """Return a function that gives the indexes of those of these addresses at which other bytes lie than now, eight at each.

    To ask ctypes for each takes half a microsecond, and a check waits for twice twenty thousand. Where there is numpy, it collects them
    all, from an array that is all of the memory; only what is asked for is read, in pieces that need no new memory in a fork. Bytes
    are compared and not arrays: for these, numpy before 2.0 lets anybody say what "equal" is.
    """
    numpy, piece = modules.get("numpy"), 256
    if numpy is None:
        def collect(some):
            return b"".join([ctypes.string_at(place, 8) for place in some])
        where = places
    else:
        base, words = 4096, ctypes.c_uint64 * ((1 << 44) - 512)  # a process has 47 bits of address
        take = numpy.frombuffer(words.from_address(base), numpy.uint64).take

        def collect(some):
            return take(some, mode="clip").tobytes()
        where = (numpy.array(places, numpy.int64) - base) // 8
    pieces = [(start, where[start:start + piece]) for start in range(0, len(places), piece)]
    pieces = [(start, some, collect(some)) for start, some in pieces]

    def changed():
        found = []
        for start, some, first in pieces:
            now = collect(some)
            if now != first:
                found += [start + k for k in range(len(some)) if now[8 * k:8 * k + 8] != first[8 * k:8 * k + 8]]
        return found

    return changed


def offsets():
    """How far from their start functions and cells keep what they hold, seen from some that hold a known thing."""
    thing = object()

    def sample(first=thing, *, second=thing):
        return thing

    known = ((sample, "__defaults__", sample.__defaults__), (sample, "__kwdefaults__", sample.__kwdefaults__),
             (sample.__closure__[0], "cell_contents", thing))
    found = {name: ctypes.string_at(id(holder), type(holder).__basicsize__).find(struct.pack("Q", id(held))) for holder, name, held in known}
    return {name: place for name, place in found.items() if place > 0}


def referred(spaces):
    """The modules that these namespaces hold, and those in which the functions and classes they hold were written."""
    found = {}
    for space in spaces:
        for value in list(space.values()):
            if isinstance(value, types.ModuleType):
                found[id(value)] = value
            elif isinstance(value, (types.FunctionType, type)):
                home = modules.get(value.__module__ or "")
                if isinstance(home, types.ModuleType):
                    found[id(home)] = home
    return list(found.values())


def caches_of(mine):
    """What these modules keep with functools.cache or lru_cache."""
    return list({id(value): value for module in mine for value in vars(module).values() if type(value) is CACHE}.values())


def needs_nothing(cache):
    code = getattr(cache.__wrapped__, "__code__", None)
    return code is not None and not code.co_argcount + code.co_kwonlyargcount


def fill_caches(own):
    """Ask for what the instructor's modules keep with functools.cache and what takes no arguments: whatever is forked from here has it.

    `own`: top-level names of the instructor's packages. What cannot be had fails again, and is shown, in the cell that asks for it.
    """
    for cache in caches_of([module for name, module in list(modules.items()) if name.partition(".")[0] in own]):
        if needs_nothing(cache):
            try:
                cache()
            except Exception:
                emptied(cache)


def inside(cell):
    return cell_content(cell) if filled(cell) else None


def filled(cell):
    try:
        cell_content(cell)
    except ValueError:
        return False
    return True


def contents(value):
    """A copy of what a container or an array of numbers holds; None for anything else."""
    if type(value) in (dict, list, set):
        return value.copy()
    if type(value).__name__ in ("Tensor", "ndarray") and type(value).__module__ in ("torch", "numpy"):
        array = value.detach().numpy() if type(value).__module__ == "torch" else value
        return None if array.dtype.hasobject else array.tobytes()
    return None


def same(now, before):
    """Whether a container holds the very same things in the same order."""
    if isinstance(before, bytes) or type(now) is not type(before) or len(now) != len(before):
        return type(now) is type(before) and now == before
    if isinstance(before, dict):
        return all(map(is_, now, before)) and all(map(is_, now.values(), before.values()))
    return all(map(is_, now, before)) if isinstance(before, list) else now == before


def refill(value, before):
    if isinstance(before, bytes):
        array = value.detach().numpy() if hasattr(value, "detach") else value
        array[...] = type(array)(array.shape, array.dtype, before)
        return
    value.clear()
    value.extend(before) if type(value) is list else value.update(before)


def wraps(new, old):
    """Whether an installed library has wrapped its own function, as torch.optim does when the first optimizer is made: nothing to tell of."""
    code = getattr(new, "__code__", None)
    return code is not None and getattr(new, "__wrapped__", None) is old and code.co_filename.startswith((sys.prefix, sys.base_prefix)) \
        and any(inside(cell) is old for cell in new.__closure__ or ())


def calm():
    """No tracing, no callbacks, no timers, no signal handlers but Python's own."""
    settrace(None)
    setprofile(None)
    vars(threading)["_trace_hook"] = vars(threading)["_profile_hook"] = None
    gc.callbacks.clear()
    setitimer(ITIMER_REAL, 0)
    for number in (SIGALRM, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2):
        on_signal(number, SIG_DFL)
    on_signal(SIGINT, default_int_handler)


# ---- refusing --------------------------------------------------------------------------------------------------------------

# sys.audit events (docs.python.org/3/library/audit_events.html) that lead to frames, to other people's objects or to raw memory, and the
# libraries that may raise them on the learner's behalf because they hand nothing of it on
FRAMES = {"sys._getframe", "sys._getframemodulename", "sys._current_frames", "sys._current_exceptions"}
OBJECTS = {"gc.get_objects", "gc.get_referrers", "gc.get_referents"}
HOOKS = {"sys.addaudithook", "sys.settrace", "sys.setprofile", "sys.monitoring.register_callback"}
CODE = {"code.__new__", "function.__new__", "marshal.loads"}
INSIDE = {"tb_frame", "gi_frame", "cr_frame", "ag_frame", "gi_code", "cr_code", "ag_code"}
REWRITING = {"__code__", "__defaults__", "__kwdefaults__", "__closure__", "__globals__"}
LIBRARIES = {"torch", "torchvision", "safetensors", "numpy", "scipy", "sklearn", "matplotlib", "PIL", "pandas", "joblib", "threadpoolctl", "tqdm",
             "typing_extensions"}
SILENT = ("memmove", "memset", "_cast")  # what writes into memory without an event
TALKERS = ("torch._jit_internal", "torch.utils._traceback", "torch._dynamo")  # these do hand it on
MAY = {
    "frames": {"collections", "typing", "enum", "warnings", "dataclasses", "abc", "importlib", "unittest", "IPython.core.magic"} | LIBRARIES,
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
        return "memory" if arguments[0] is None or "/" not in text(arguments[0]) or text(arguments[0]).startswith(trusted) else "nobody"
    if event.startswith("ctypes."):
        return "memory"
    if event == "import":  # of a compiled module, when it has a file
        return "nobody" if isinstance(arguments[1], str) and not arguments[1].startswith(trusted) else None
    if event == "compile":  # under the name of a file that may look around
        return "code" if text(arguments[1]).startswith(trusted) else None
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = text(arguments[0])
        return "nobody" if path.endswith("/mem") or (path.endswith(".pyc") and not path.startswith(trusted) and exists(path)) else None
    return None


def text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""


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
        while name.startswith(("ctypes", "numpy.ctypeslib")) and caller is not None:  # these do nothing of their own accord
            frame, name, caller = caller, str(caller.f_globals.get("__name__")), caller.f_back
        around = str(caller.f_globals.get("__name__")) if caller is not None else ""
        if foreign(frame) or name.startswith(TALKERS):
            return False
        if kind == "frames" and name in ("traceback", "logging"):  # for themselves or a library, and not for the learner who calls them
            return (around == name or around.partition(".")[0] in LIBRARIES) and frame.f_code.co_name != "walk_stack"
        if kind == "frames" and frame.f_code.co_name == "get_local_scope":  # a magic that wants the names of the cell it stands in
            return around.startswith("IPython.") and frame.f_locals["stack_depth"] == 1 and foreign(caller.f_back)
        top = "importlib" if frame.f_code.co_filename.startswith("<frozen importlib") else name.partition(".")[0]
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
                importing = importing or (above is not asks and above.f_code.co_filename.startswith("<frozen importlib"))
                above = above.f_back
            # what a library does when it is first imported has nothing of the learner's in it
            if not (importing and kind != "nobody") and (above is not None or me != main) and not let_through(kind, asks):
                what = f"{event} {arguments[1]}" if event.startswith("object.") else event
                through = "" if foreign(asks) else f" through {asks.f_globals.get('__name__')}"
                notes.append(f"it reached for `{what}`{through}")
                raise Refused(f"{what} is not available in an answer")
            if event == "ctypes.door":
                arguments[2].append(silent[arguments[0]](*arguments[1]))
        finally:
            busy.discard(me)

    sys.addaudithook(hook)
