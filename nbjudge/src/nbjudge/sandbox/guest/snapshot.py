"""Snapshot and restore: before a check, modules and data become what the instructor left.

This module, dirty_tracking.py and audit_hook.py have functions only and no classes with methods:
student code can find every class through `object.__subclasses__()`, and from a method it gets at
the global names of the method's module.
"""

import builtins
import ctypes
import functools
import gc
import sys
import threading
import warnings
from _signal import (  # type: ignore[import-not-found]
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
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, TypeAlias

from nbjudge import libraries
from nbjudge.sandbox.guest.audit_hook import SILENT
from nbjudge.sandbox.guest.dirty_tracking import keeps, watcher

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

FIXED = (
    FunctionType,
    BuiltinFunctionType,
    type,
    ModuleType,
    MethodDescriptorType,
    WrapperDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    staticmethod,
    classmethod,
    property,
)
CACHE = functools._lru_cache_wrapper
# Bound now, before student code can replace them.
settrace, setprofile = sys.settrace, sys.setprofile
class_space = type.__dict__["__dict__"].__get__
cell_content = CellType.cell_contents.__get__
asked_of, emptied = CACHE.cache_info, CACHE.cache_clear
modules = sys.modules

Names: TypeAlias = dict[str, Any]
Modules: TypeAlias = list[ModuleType]
Restore: TypeAlias = Callable[[], list[str]]


def without_warnings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that reads every attribute, and so meets many deprecated ones."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)

    return run


@without_warnings
def take_snapshot(space: Names, own: Sequence[str] = ()) -> Restore:
    """Return a function that restores everything and returns the names of what had been changed.

    The names look like `module.name`. Call this before any student code has run. `space`: the
    notebook's names. `own`: top-level names of the instructor's packages; their data is restored as
    well as their functions.

    The snapshot covers the modules that the notebook and the instructor's modules import, and what
    those modules import in their turn. Covering every loaded module would read, and so copy, most
    of a forked process's memory at every check.
    """
    mine = modules_of(own)
    first = unique([*mine, *referred(map(vars, mine)), *referred([space])])
    second = referred(map(vars, first))
    seen = {id(module): module for module in [builtins, *first, *second]}
    owners: list[Any] = []
    names_of: list[Any] = []
    values_of: list[Any] = []
    functions: dict[int, Any] = {}

    def note(owner: Any, names: Names, keeps_data: bool) -> None:
        kept = {}
        for name, value in names.items():
            fixed = isinstance(value, FIXED)
            # audit_hook.watch replaces these functions of ctypes, and the replacements must stay.
            stands_in = owner is ctypes and name in SILENT
            wanted = fixed or (not name.startswith("__") and (keeps_data or callable(value)))
            if wanted and not stands_in:
                kept[name] = value
        if kept:
            owners.append(owner)
            names_of.append(tuple(kept))
            values_of.append(tuple(kept.values()))
        for value in kept.values():
            # A decorated function leads to the function that the decorator has wrapped.
            while isinstance(value, FunctionType) and id(value) not in functions:
                functions[id(value)] = value, f"{value.__module__}.{value.__qualname__}"
                value = getattr(value, "__wrapped__", None)

    for module in seen.values():
        note(module, vars(module), module in mine)
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                note(kind, dict(vars(kind)), False)
    for kind in bases_elsewhere(first, seen):
        note(kind, dict(vars(kind)), False)
    # So far: which objects the names refer to. From here on: what is inside these objects, which
    # are closures, default arguments, and the data of the instructor's modules.
    cells, defaults = inside_of(functions.values())
    data = data_of(mine)
    watched = sum(type(value) is dict for value, *_ in data)
    caches: list[list[Any]] = []
    for cache in caches_of(mine):
        value = known_value(cache)  # before times_asked, because it calls the cache
        caches.append([cache, times_asked(cache), value])
    loaded, basic = dict(modules), dict(vars(builtins))
    paths = []
    for name in ("path", "meta_path", "path_hooks"):
        entries = getattr(sys, name)
        paths.append((name, entries, list(entries)))
    # In a check the working folder ("" in sys.path) comes last, so that no file of the student's
    # hides an installed module.
    paths[0][2].sort(key="".__eq__)
    importers = sys.path_importer_cache
    dirty_owners = watcher([space_of(owner) for owner in owners])
    dirty_tables = watcher([vars(builtins), modules])
    modules_kept = keeps(modules)
    dirty_data = watcher([value for value, *_ in data[:watched]])
    keyword_defaults = [named for _, _, named, _, _ in defaults if named]
    slots = [(cell, "cell_contents") for cell, *_ in cells]
    for function, *_ in defaults:
        slots.append((function, "__defaults__"))
        slots.append((function, "__kwdefaults__"))
    dirty_inside = watcher(keyword_defaults, slots)

    def restore() -> list[str]:
        changed = []
        tables = dirty_tables()
        for name, value in basic.items() if 0 in tables else ():
            if vars(builtins).get(name) is not value and name != "_":
                changed.append(f"builtins.{name}")
                vars(builtins)[name] = value
        # Every import adds to sys.modules, so only a lost or replaced entry counts.
        for name, module in loaded.items() if 1 in tables and not modules_kept() else ():
            if modules.get(name) is not module:
                changed.append(f"sys.modules[{name}]")
                modules[name] = module
        for place in dirty_owners():
            owner, names, values = owners[place], names_of[place], values_of[place]
            now = class_space(owner) if isinstance(owner, type) else owner.__dict__
            if all(map(is_, map(now.get, names), values)):
                continue
            for name, value in zip(names, values):
                if now.get(name) is value:
                    continue
                if not wraps(now.get(name), value):
                    changed.append(f"{title_of(owner)}.{name}")
                if isinstance(owner, type):
                    type.__setattr__(owner, name, value)
                else:
                    now[name] = value
        moved = dirty_inside()
        for cell, content, name in cells if moved else ():
            if inside(cell) is not content:
                changed.append(name)
                cell.cell_contents = content
        for function, plain, named, copy, name in defaults if moved else ():
            replaced = function.__defaults__ is not plain or function.__kwdefaults__ is not named
            if replaced or (copy and not same(named, copy)):
                changed.append(name)
                function.__defaults__, function.__kwdefaults__ = plain, named
                if named is not None:
                    named.clear()
                    named.update(copy)
        dirty = [data[place] for place in dirty_data()]
        for value, before, name in dirty + data[watched:]:
            if not same(contents(value), before):
                changed.append(name)
                refill(value, before)
        for entry in caches:  # student code that called the function may have changed the value
            cache, asked, value = entry
            if times_asked(cache) != asked or (value is not None and cache() is not value):
                emptied(cache)
                entry[2] = None
            entry[1] = times_asked(cache)
        for name, thing, entries in paths:
            thing[:] = entries
            setattr(sys, name, thing)
        sys.path_importer_cache = {}
        # Named here so that the old dictionary lives on: freeing it would write to, and so copy,
        # much shared memory.
        assert importers is not None
        return sorted(set(changed))

    return restore


def modules_of(own: Sequence[str]) -> Modules:
    """Return the imported modules of these top-level packages."""
    found = []
    for name, module in list(modules.items()):
        if name.partition(".")[0] in own:
            found.append(module)
    return found


def unique(items: Iterable[Any]) -> list[Any]:
    """Return the items without repetitions, in their order."""
    return list(dict.fromkeys(items))


def space_of(owner: Any) -> Names:
    """Return the dictionary of a module or a class itself, not a copy or a view of it."""
    if isinstance(owner, ModuleType):
        return vars(owner)
    space: Names = gc.get_referents(class_space(owner))[0]
    return space


def title_of(owner: Any) -> str:
    """Return the name of a module, or of a class with its module."""
    if isinstance(owner, type):
        return f"{owner.__module__}.{owner.__qualname__}"
    title: str = owner.__name__
    return title


def bases_elsewhere(first: Modules, seen: dict[int, ModuleType]) -> list[type]:
    """Return the classes in these modules, and their bases, that other modules define."""
    found = {}
    for module in first:
        for value in vars(module).values():
            for kind in value.__mro__ if isinstance(value, type) else ():
                if id(modules.get(kind.__module__)) not in seen:
                    found[id(kind)] = kind
    return list(found.values())


def inside_of(functions: Iterable[tuple[FunctionType, str]]) -> tuple[list[Any], list[Any]]:
    """Return the closures and the default arguments of some functions.

    The closures are [(cell, content, name)], of cells that hold something FIXED; the defaults
    [(function, defaults, keyword-only defaults, a copy of the latter, name)].
    """
    cells, defaults = [], []
    for function, name in functions:
        for cell in function.__closure__ or ():
            if filled(cell) and isinstance(cell_content(cell), FIXED):
                cells.append((cell, cell_content(cell), name))
        plain, named = function.__defaults__, function.__kwdefaults__
        if plain or named:
            defaults.append((function, plain, named, dict(named or {}), name))
    return cells, defaults


def data_of(mine: Modules) -> list[tuple[Any, Any, str]]:
    """Return [(value, its contents, name)] of the data of these modules.

    Dictionaries come first, because only those can be given to `watcher`.
    """
    data = []
    for module in mine:
        for name, value in vars(module).items():
            kept = None if name.startswith("__") else contents(value)
            if kept is not None:
                data.append((value, kept, f"{module.__name__}.{name}"))
    data.sort(key=lambda entry: type(entry[0]) is not dict)
    return data


def referred(spaces: Iterable[Names]) -> Modules:
    """Return the modules in these namespaces, and those that define their functions and classes."""
    found = {}
    for space in spaces:
        for value in list(space.values()):
            if isinstance(value, ModuleType):
                found[id(value)] = value
            elif isinstance(value, (FunctionType, type)):
                home = modules.get(value.__module__ or "")
                if isinstance(home, ModuleType):
                    found[id(home)] = home
    return list(found.values())


def caches_of(mine: Iterable[ModuleType]) -> list[Any]:
    """Return the functions of these modules that functools.cache or lru_cache decorates."""
    found = {}
    for module in mine:
        for value in vars(module).values():
            if type(value) is CACHE:
                found[id(value)] = value
    return list(found.values())


def needs_nothing(cache: Any) -> bool:
    """Return whether the cached function takes no arguments."""
    code = getattr(cache.__wrapped__, "__code__", None)
    return code is not None and not code.co_argcount + code.co_kwonlyargcount


def times_asked(cache: Any) -> tuple[Any, ...]:
    """Return (hits, misses) of a cached function."""
    return tuple(asked_of(cache))[:2]


def known_value(cache: Any) -> Any:
    """Return what a cached function without arguments keeps, None where it was not called yet."""
    return cache() if needs_nothing(cache) and asked_of(cache).currsize else None


def fill_caches(own: Sequence[str]) -> None:
    """Call the instructor's cached functions that take no arguments, so that forks have the values.

    `own`: top-level names of the instructor's packages. A function that fails here is not cached:
    it fails once more in the cell that calls it, where the error is shown.
    """
    for cache in caches_of(modules_of(own)):
        if needs_nothing(cache):
            try:
                cache()
            except Exception:
                emptied(cache)


def inside(cell: CellType) -> Any:
    """Return what a closure's cell holds, None where it is empty."""
    return cell_content(cell) if filled(cell) else None


def filled(cell: CellType) -> bool:
    """Return whether a closure's cell holds anything."""
    try:
        cell_content(cell)
    except ValueError:
        return False
    return True


def contents(value: Any) -> Any:
    """Return a copy of what a container or a library's array holds, None for anything else."""
    if type(value) in (dict, list, set):
        return value.copy()
    library = libraries.array_library(value)
    return library.array_bytes(value) if library else None


def same(now: Any, before: Any) -> bool:
    """Return whether a container holds the same objects in the same order.

    Bytes and sets are compared by value.
    """
    if type(now) is not type(before):
        return False
    if isinstance(before, (dict, list)) and len(now) != len(before):
        return False
    if isinstance(before, dict):
        same_keys = all(map(is_, now, before))
        return same_keys and all(map(is_, now.values(), before.values()))
    if isinstance(before, list):
        return all(map(is_, now, before))
    return bool(now == before)


def refill(value: Any, before: Any) -> None:
    """Give a container or an array the contents that it had before."""
    library = libraries.array_library(value)
    if library:
        library.refill_array(value, before)
        return
    value.clear()
    if type(value) is list:
        value.extend(before)
    else:
        value.update(before)


def wraps(new: Any, old: Any) -> bool:
    """Return whether an installed library has wrapped its own function, which is not reported.

    PyTorch does so when the first optimizer is made.
    """
    code = getattr(new, "__code__", None)
    return (
        code is not None
        and getattr(new, "__wrapped__", None) is old
        and code.co_filename.startswith((sys.prefix, sys.base_prefix))
        and any(inside(cell) is old for cell in new.__closure__ or ())
    )


def reset_hooks() -> None:
    """Remove trace functions, callbacks, timers, and all signal handlers but Python's own."""
    settrace(None)
    setprofile(None)
    vars(threading)["_trace_hook"] = vars(threading)["_profile_hook"] = None
    gc.callbacks.clear()
    setitimer(ITIMER_REAL, 0)
    for number in (SIGALRM, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2):
        on_signal(number, SIG_DFL)
    on_signal(SIGINT, default_int_handler)
