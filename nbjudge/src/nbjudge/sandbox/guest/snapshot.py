"""Putting back, before a check, all that was there before the learner's code ran.

Here are only functions, and in touched.py and guard.py: every class can be found among the subclasses of `object`, and its methods
lead to what they use.
"""

import builtins
import ctypes
import functools
import gc
import sys
import threading
import types
import warnings
from _signal import (
    ITIMER_REAL,
    SIG_DFL,
    SIGALRM,
    SIGCHLD,
    SIGINT,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    default_int_handler,
    setitimer,
)
from _signal import signal as on_signal
from operator import is_

from nbjudge.sandbox.guest.audit_hook import SILENT
from nbjudge.sandbox.guest.dirty_tracking import keeps, watcher

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

FIXED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    type,
    types.ModuleType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodType,
    staticmethod,
    classmethod,
    property,
)
CACHE = functools._lru_cache_wrapper
settrace, setprofile, class_space, cell_content, asked_of, emptied = (
    sys.settrace,
    sys.setprofile,
    type.__dict__["__dict__"].__get__,
    types.CellType.cell_contents.__get__,
    CACHE.cache_info,
    CACHE.cache_clear,
)
modules = sys.modules


def without_warnings(function):
    """A function that looks at everything meets much that is deprecated."""

    @functools.wraps(function)
    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)

    return run


@without_warnings
def keeper(space, own=()):
    """Return a function that puts everything back and returns the names of what had been changed, as `module.name`.

    Call it before any of the learner's code has run. `space`: the notebook's names. `own`: top-level names of the instructor's
    packages, whose data is kept, too. A check reaches what its notebook and the instructor's modules import, and what those
    modules import in their turn. Looking at every module there is would touch, and so copy, most of a forked process's memory
    at every check.
    """
    mine = [module for name, module in modules.items() if name.partition(".")[0] in own]
    first = list(
        dict.fromkeys([*mine, *referred(vars(module) for module in mine), *referred([space])])
    )
    seen = {
        id(module): module
        for module in [builtins, *first, *referred(vars(module) for module in first)]
    }
    places, functions = [], {}

    def note(owner, names, keeps_data):
        kept = {
            name: value
            for name, value in names.items()
            if not name.startswith("__") or isinstance(value, FIXED)
        }
        kept = {
            name: value
            for name, value in kept.items()
            if keeps_data or callable(value) or isinstance(value, FIXED)
        }
        if owner is ctypes:  # `watch` puts doors before these, and they must stay
            kept = {name: value for name, value in kept.items() if name not in SILENT}
        if kept:
            places.append((owner, tuple(kept), tuple(kept.values())))
        for value in kept.values():
            while (
                isinstance(value, types.FunctionType) and id(value) not in functions
            ):  # what a decorator has wrapped, too
                functions[id(value)] = value, f"{value.__module__}.{value.__qualname__}"
                value = getattr(value, "__wrapped__", None)

    for module in seen.values():
        note(module, vars(module), module in mine)
        for kind in [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]:
            note(kind, dict(vars(kind)), False)
    for kind in {
        id(kind): kind
        for module in first
        for value in vars(module).values()
        if isinstance(value, type)
        for kind in value.__mro__
        if id(modules.get(kind.__module__)) not in seen
    }.values():
        note(kind, dict(vars(kind)), False)
    # what a module's names hold is one thing, what is inside of that another: closures, defaults, and the data of the instructor's own
    cells = [
        (cell, name)
        for function, name in functions.values()
        for cell in function.__closure__ or ()
        if filled(cell)
    ]
    cells = [
        (cell, cell_content(cell), name)
        for cell, name in cells
        if isinstance(cell_content(cell), FIXED)
    ]
    defaults = [
        (
            function,
            function.__defaults__,
            function.__kwdefaults__,
            dict(function.__kwdefaults__ or {}),
            name,
        )
        for function, name in functions.values()
        if function.__defaults__ or function.__kwdefaults__
    ]
    data = [
        (value, contents(value), f"{module.__name__}.{name}")
        for module in mine
        for name, value in vars(module).items()
        if not name.startswith("__") and contents(value) is not None
    ]
    data.sort(
        key=lambda entry: type(entry[0]) is not dict
    )  # dictionaries first, which `watcher` can watch
    watched = sum(type(value) is dict for value, *_ in data)
    values = {
        id(cache): cache()
        for cache in caches_of(mine)
        if needs_nothing(cache) and asked_of(cache).currsize
    }
    caches = [
        [cache, tuple(asked_of(cache))[:2], values.get(id(cache))] for cache in caches_of(mine)
    ]
    loaded, basic = dict(modules), dict(vars(builtins))
    paths = [
        (name, getattr(sys, name), list(getattr(sys, name)))
        for name in ("path", "meta_path", "path_hooks")
    ]
    paths[0][2].sort(
        key="".__eq__
    )  # in a check the working folder comes last: nothing in it hides an installed module
    touched = watcher(
        [
            vars(owner)
            if isinstance(owner, types.ModuleType)
            else gc.get_referents(class_space(owner))[0]
            for owner, _, _ in places
        ]
    )
    importers = sys.path_importer_cache
    names_touched, modules_kept, data_touched = (
        watcher([vars(builtins), modules]),
        keeps(modules),
        watcher([value for value, *_ in data[:watched]]),
    )
    inside_touched = watcher(
        [named for _, _, named, _, _ in defaults if named],
        [(cell, "cell_contents") for cell, _, _ in cells]
        + [
            (function, name)
            for function, *_ in defaults
            for name in ("__defaults__", "__kwdefaults__")
        ],
    )
    owners, names_of, values_of = (
        [place[0] for place in places],
        [place[1] for place in places],
        [place[2] for place in places],
    )

    def put_back():
        changed = []
        tables = names_touched()
        for name, value in basic.items() if 0 in tables else ():
            if vars(builtins).get(name) is not value and name != "_":
                changed.append(f"builtins.{name}")
                vars(builtins)[name] = value
        for name, module in (
            loaded.items() if 1 in tables and not modules_kept() else ()
        ):  # whoever imports has touched it
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
                        changed.append(
                            f"{owner.__module__}.{owner.__qualname__}.{name}"
                            if isinstance(owner, type)
                            else f"{owner.__name__}.{name}"
                        )
                    type.__setattr__(owner, name, value) if isinstance(
                        owner, type
                    ) else now.__setitem__(name, value)
        moved = inside_touched()
        for cell, content, name in cells if moved else ():
            if inside(cell) is not content:
                changed.append(name)
                cell.cell_contents = content
        for function, plain, named, copy, name in defaults if moved else ():
            if (
                function.__defaults__ is not plain
                or function.__kwdefaults__ is not named
                or (copy and not same(named, copy))
            ):
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
        assert (
            importers is not None
        )  # the old one is kept: to take it apart would touch much memory
        return sorted(set(changed))

    return put_back


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
    return list(
        {
            id(value): value
            for module in mine
            for value in vars(module).values()
            if type(value) is CACHE
        }.values()
    )


def needs_nothing(cache):
    code = getattr(cache.__wrapped__, "__code__", None)
    return code is not None and not code.co_argcount + code.co_kwonlyargcount


def fill_caches(own):
    """Ask for what the instructor's modules keep with functools.cache and what takes no arguments: whatever is forked from here has it.

    `own`: top-level names of the instructor's packages. What cannot be had fails again, and is shown, in the cell that asks for it.
    """
    for cache in caches_of(
        [module for name, module in list(modules.items()) if name.partition(".")[0] in own]
    ):
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
    if type(value).__name__ in ("Tensor", "ndarray") and type(value).__module__ in (
        "torch",
        "numpy",
    ):
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
    return (
        code is not None
        and getattr(new, "__wrapped__", None) is old
        and code.co_filename.startswith((sys.prefix, sys.base_prefix))
        and any(inside(cell) is old for cell in new.__closure__ or ())
    )


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
