"""Snapshot and restore: before a check, the instructor's packages become what they were.

This module, dirty_tracking.py and audit_hook.py have functions only and no classes with methods:
student code can find every class through `object.__subclasses__()`, and from a method it gets at
the global names of the method's module.
"""

import builtins
import functools
import gc
import sys
import threading
import warnings
from _signal import (  # type: ignore[import-not-found]
    ITIMER_REAL,
    SIG_DFL,
    SIGINT,
    default_int_handler,
    setitimer,
    valid_signals,
)
from _signal import getsignal as handler_of
from _signal import signal as on_signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import is_
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, NamedTuple, TypeAlias

from nbjudge import libraries
from nbjudge.sandbox.guest.dirty_tracking import Slot, versions_of, watcher
from nbjudge.sandbox.guest.module_state import ANY, inner_state_of, state_of
from nbjudge.sandbox.wire import OfLesson

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
MOST_PARTS = 100  # of one value of the instructor's that are restored; each check compares them
# Bound now, before student code can replace them.
settrace, setprofile = sys.settrace, sys.setprofile
class_space = type.__dict__["__dict__"].__get__
cell_content = CellType.cell_contents.__get__
asked_of, emptied = CACHE.cache_info, CACHE.cache_clear
modules = sys.modules
ALL_SIGNALS = valid_signals()

NO_LESSON = OfLesson()

Names: TypeAlias = dict[str, Any]
Modules: TypeAlias = list[ModuleType]


def without_warnings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that reads every attribute, and so meets many deprecated ones."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)

    return run


# (version, names) of the instructor's modules that no function of theirs changes.
Marks: TypeAlias = list[tuple[bytes, frozenset[str]]]


class Changes(NamedTuple):
    """What a restore has found: names like `module.name`."""

    restored: list[str]  # of the instructor's packages and of Python's builtins
    seen: list[str]  # of libraries, replaced by the student; they are left as they are


class Snapshot(NamedTuple):
    """What `take_snapshot` returns."""

    restore: Callable[[], Changes]
    mark: Callable[[], Marks]
    put_back: Callable[[Marks], list[str]]  # the modules that were changed since, and put back
    accept: Callable[[], None]  # what a given cell has changed is the instructor's
    is_students: Callable[[Any], bool]  # whether a value is the student's


class Owner(NamedTuple):
    """A module or a class, and which of its names are kept."""

    thing: Any
    is_own: bool  # it belongs to the instructor, so it is restored
    names: tuple[str, ...]
    values: list[Any]
    size: int  # how many names it has in all


@without_warnings
def take_snapshot(
    space: Names,
    own: Sequence[str] = (),
    lesson: OfLesson = NO_LESSON,
    trusted: tuple[str, ...] = (),
    imported: Sequence[str] = (),
) -> Snapshot:
    """Return functions that restore what is the instructor's, and that look for other changes.

    Call this before any student code has run. `space`: the notebook's names. `own`: top-level names
    of the instructor's packages. Their functions and classes are restored, and the data that none
    of their functions changes (module_state.py). What the lesson's own cells write, or mention, is
    not. `trusted`: prefixes of the file names of code that is not the student's. `imported`: the
    modules that the instructor's cells import, checks among them.

    Libraries are left as they are: a function of theirs that the student has replaced or added is
    only seen. That covers the modules that the notebook, its checks and the instructor's modules
    import, and what those import in their turn. Covering every loaded module would read, and so
    copy, most of a forked process's memory at every check.
    """
    mine = modules_of(own)
    by_name = {name: modules[name] for name in imported if name in modules}
    by_name = {name: module for name, module in by_name.items() if isinstance(module, ModuleType)}
    first = unique([*mine, *referred(map(vars, mine)), *referred([space]), *by_name.values()])
    second = referred(map(vars, first))
    seen = {id(module): module for module in [builtins, *first, *second]}
    seen.pop(id(modules["__main__"]), None)  # the notebook, whose names are the student's
    own_ids = {id(module) for module in mine}
    states = {id(module): state_of(module) for module in mine}
    spared = frozenset(lesson.writes)
    mentioned = frozenset(lesson.mentions) | spared
    owners: list[Owner] = []
    tables: list[tuple[str, Names, Names]] = []
    functions: dict[int, Any] = {}

    def note(thing: Any, names: Names, is_own: bool, state: Collection[str]) -> None:
        """Keep the names of a module or a class; `state`: those of data that is not kept."""
        kept = {}
        for name, value in names.items():
            fixed = isinstance(value, FIXED)
            if is_own and (name in spared or name in state):
                continue
            data = is_own and not name.startswith("__") and ANY not in state
            if fixed or (not name.startswith("__") and callable(value)):
                kept[name] = value
            elif data and name not in mentioned:
                kept[name] = value
        if kept:
            owners.append(Owner(thing, is_own, tuple(kept), list(kept.values()), len(names)))
        for value in kept.values() if is_own else ():
            # A decorated function leads to the function that the decorator has wrapped.
            value = bare(value)
            while isinstance(value, FunctionType) and id(value) not in functions:
                functions[id(value)] = value, f"{value.__module__}.{value.__qualname__}"
                value = getattr(value, "__wrapped__", None)

    for module in seen.values():
        is_own = id(module) in own_ids
        state = states.get(id(module))
        note(module, vars(module), is_own, state.names if state else ())
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                note(kind, dict(vars(kind)), is_own, {ANY})
        if not is_own:
            tables += tables_of(module)
    for kind in bases_elsewhere(first, seen):
        note(kind, dict(vars(kind)), False, ())
    # So far: which objects the names refer to. From here on: what is inside these objects, which
    # are closures, default arguments, code, and the data of the instructor's modules.
    cells, insides = inside_of(functions.values())
    data = []
    for module in mine:
        outer = states[id(module)].names
        parts = list(data_of(module))
        has_inner = any(is_inner for *_, is_inner in parts)
        inner = outer | (inner_state_of(module) if has_inner else frozenset())
        for value, before, name, is_inner in parts:
            changing = inner if is_inner else outer
            if ANY not in changing and name not in changing and name not in mentioned:
                data.append((value, before, f"{module.__name__}.{name}"))
    # Dictionaries come first, because only those can be given to `watcher`.
    data.sort(key=lambda entry: type(entry[0]) is not dict)
    watched = sum(type(value) is dict for value, *_ in data)
    caches: list[list[Any]] = []
    for cache in caches_of(mine):
        value = known_value(cache)  # before times_asked, because it calls the cache
        caches.append([cache, times_asked(cache), value])
    loaded = {module.__name__: module for module in mine}
    known_names = [(module, type(module), frozenset(vars(module))) for module in mine]
    basic = {name: value for name, value in vars(builtins).items() if name not in spared}
    importers = [(name, getattr(sys, name)) for name in ("meta_path", "path_hooks")]
    finders, pycache_prefix = sys.path_importer_cache, sys.pycache_prefix
    kinds = set(map(type, finders.values()))
    dirty_finders = watcher([finders])
    written = spared.union(*(state.writes for state in states.values()))
    quiet = [
        module
        for module in mine
        if not states[id(module)].names and not spared & {ANY} and not written & vars(module).keys()
    ]
    versions = versions_of(list(map(vars, quiet)))
    dirty_owners = watcher([space_of(owner.thing) for owner in owners])
    dirty_tables = watcher([vars(builtins), modules])
    dirty_tables_of_libraries = watcher([table for _, table, _ in tables])
    dirty_modules = watcher(list(map(vars, mine)), [(module, "__class__") for module in mine])
    dirty_data = watcher([value for value, *_ in data[:watched]])
    keyword_defaults = [inside.named for inside in insides if inside.named]
    slots: list[Slot] = [(cell, "cell_contents") for cell, *_ in cells]
    for inside_function in insides:
        for slot in ("__defaults__", "__kwdefaults__", "__code__"):
            slots.append((inside_function.function, slot))
    dirty_inside = watcher(keyword_defaults, slots)

    def is_students(value: Any) -> bool:
        return made_by_student(value, trusted, 4)

    def restore_tables(changed: list[str], others: list[str]) -> None:
        """Restore Python's builtins and the instructor's entries in sys.modules; look at tables of
        libraries."""
        dirty = dirty_tables()
        for name, value in basic.items() if 0 in dirty else ():
            if vars(builtins).get(name) is not value and name != "_":
                changed.append(f"builtins.{name}")
                vars(builtins)[name] = value
        for name, module in loaded.items() if 1 in dirty else ():
            if modules.get(name) is not module:
                changed.append(f"sys.modules[{name}]")
                modules[name] = module
        for name, module in by_name.items() if 1 in dirty else ():
            if name not in loaded and modules.get(name, module) is not module:
                others.append(f"sys.modules[{name}]")
        for place in dirty_tables_of_libraries():
            title, table, before = tables[place]
            for key, value in before.items():
                if table.get(key) is not value and is_students(table.get(key)):
                    others.append(title)

    def restore_owners(changed: list[str], others: list[str]) -> None:
        """Restore the names of the instructor's modules and classes, look at those of others."""
        for place in dirty_owners():
            owner = owners[place]
            is_type = isinstance(owner.thing, type)
            now = class_space(owner.thing) if is_type else owner.thing.__dict__
            if not owner.is_own and len(now) != owner.size:
                others += added_names(owner, now)
            if all(map(is_, map(now.get, owner.names), owner.values)):
                continue
            for number, (name, value) in enumerate(zip(owner.names, owner.values)):
                new = now.get(name)
                if new is value:
                    continue
                title = f"{title_of(owner.thing)}.{name}"
                if not owner.is_own:
                    if is_students(new) or (type(value) is FunctionType and is_pythons(new)):
                        others.append(title)
                    owner.values[number] = new
                    continue
                if same_function(new, value):  # the module was loaded again
                    continue
                changed.append(title)
                if is_type:
                    type.__setattr__(owner.thing, name, value)
                else:
                    now[name] = value

    def added_names(owner: Owner, now: Mapping[str, Any]) -> list[str]:
        """Return the names that a library did not have and that the student has bound in it."""
        # IPython keeps the last value and the last exception in these two.
        if owner.thing is sys or owner.thing is builtins:
            return []
        title = title_of(owner.thing)
        added = now.keys() - set(owner.names)
        return [f"{title}.{name}" for name in added if is_students(now[name])]

    def restore_insides(changed: list[str]) -> None:
        """Restore closures, default arguments and code of the instructor's functions."""
        if not dirty_inside():
            return
        for cell, content, name in cells:
            if inside(cell) is not content:
                changed.append(name)
                cell.cell_contents = content
        for kept in insides:
            function: Any = kept.function
            if function.__code__ is not kept.code:
                changed.append(kept.name)
                function.__code__ = kept.code
            replaced = (
                function.__defaults__ is not kept.plain or function.__kwdefaults__ is not kept.named
            )
            if replaced or (kept.copy and not same(kept.named, kept.copy)):
                changed.append(kept.name)
                function.__defaults__, function.__kwdefaults__ = kept.plain, kept.named
                if kept.named is not None:
                    kept.named.clear()
                    kept.named.update(kept.copy)

    def restore_data(changed: list[str]) -> None:
        """Restore the constant data and the caches of the instructor's modules."""
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

    def restore_modules(changed: list[str]) -> None:
        """Restore the types of the instructor's modules; remove names that hide Python's own."""
        for place in dirty_modules():
            module, kind, names = known_names[place % len(known_names)]
            if type(module) is not kind:
                changed.append(f"{module.__name__}.__class__")
                object.__setattr__(module, "__class__", kind)
            state = states[id(module)].names
            for name in [] if ANY in state else list(vars(module).keys() - names):
                hides = name in basic or name in ("__getattr__", "__builtins__")
                if hides and name not in mentioned and name not in state:
                    changed.append(f"{module.__name__}.{name}")
                    del vars(module)[name]

    def restore_importers(others: list[str]) -> None:
        """Remove what the student has put in front of Python's import system."""
        for name, entries in importers:
            kept = [entry for entry in entries if not is_students(entry)]
            if len(kept) < len(entries):
                others.append(f"sys.{name}")
                entries[:] = kept
            if getattr(sys, name) is not entries:
                setattr(sys, name, entries)
        for path, finder in list(finders.items()) if dirty_finders() else ():
            if type(finder) not in kinds and is_students(finder):
                others.append("sys.path_importer_cache")
                del finders[path]
        if sys.pycache_prefix != pycache_prefix:
            others.append("sys.pycache_prefix")
            sys.pycache_prefix = pycache_prefix

    def restore() -> Changes:
        changed: list[str] = []
        others: list[str] = []
        restore_tables(changed, others)
        restore_owners(changed, others)
        restore_insides(changed)
        restore_data(changed)
        restore_modules(changed)
        restore_importers(others)
        return Changes(sorted(set(changed)), sorted(set(others)))

    def mark() -> Marks:
        return list(zip(versions(), map(frozenset, map(vars, quiet))))

    def put_back(before: Marks) -> list[str]:
        found = []
        for module, (old, names), (new, names_now) in zip(quiet, before, mark()):
            # An import binds the name of a module in a package, and warnings one of their own.
            new_names = names_now - names - written
            added = [name for name in new_names if not is_ordinary(name, module)]
            if old != new and (added or names_now == names):
                found.append(module.__name__)
        return found

    def accept() -> None:
        for name, value in vars(builtins).items():
            if name in basic:
                basic[name] = value
        for place in dirty_owners():
            owner = owners[place]
            is_type = isinstance(owner.thing, type)
            now = class_space(owner.thing) if is_type else owner.thing.__dict__
            for number, name in enumerate(owner.names):
                owner.values[number] = now.get(name, owner.values[number])

    return Snapshot(restore, mark, put_back, accept, is_students)


def bare(value: Any) -> Any:
    """Return the function in a staticmethod, classmethod or property, else the value itself."""
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def is_pythons(value: Any) -> bool:
    """Return whether a value is a function or a type of Python's own, such as print."""
    if isinstance(value, type):
        return value.__module__ == "builtins"
    return type(value) is BuiltinFunctionType


def same_function(new: Any, old: Any) -> bool:
    """Return whether a function is the same as another, made from the same text."""
    if type(new) is not FunctionType or type(old) is not FunctionType:
        return False
    return new.__code__ == old.__code__ and new.__code__.co_filename == old.__code__.co_filename


def made_by_student(value: Any, trusted: tuple[str, ...], depth: int) -> bool:
    """Return whether a value is the student's, or a library's wrapper around something of theirs.

    `depth`: so many wrappers are looked through.
    """
    if type(value) is FunctionType:
        file = value.__code__.co_filename
        if not file.startswith(trusted):
            return not (file.startswith("<") and is_of_library(value.__globals__))
        parts = [inside(cell) for cell in value.__closure__ or ()]
    else:
        kind = value if isinstance(value, type) else type(value)
        if kind.__module__ == "__main__":
            return True
        parts = [getattr(value, name, None) for name in ("func", "__func__", "__self__")]
    return depth > 0 and any(made_by_student(part, trusted, depth - 1) for part in parts)


def is_of_library(names: Names) -> bool:
    """Return whether these are the names of a module that is not the notebook.

    Libraries make functions from texts, with the names of a module of theirs.
    """
    home = modules.get(str(names.get("__name__")))
    return getattr(home, "__name__", "__main__") != "__main__" and vars(home) is names


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


def is_ordinary(name: str, module: ModuleType) -> bool:
    """Return whether Python itself may add a name to a module while a function of it runs."""
    below = modules.get(f"{module.__name__}.{name}")
    return name == "__warningregistry__" or isinstance(below, ModuleType)


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


class Inside(NamedTuple):
    """A function of the instructor's, and what is inside it."""

    function: FunctionType
    code: CodeType
    plain: Any  # default arguments
    named: Any  # keyword-only default arguments
    copy: dict[str, Any]  # of the latter
    name: str


def inside_of(
    functions: Iterable[tuple[FunctionType, str]],
) -> tuple[list[tuple[CellType, Any, str]], list[Inside]]:
    """Return the closures of some functions that hold something FIXED, and all other insides.

    The closures are [(cell, content, name)].
    """
    cells, insides = [], []
    for function, name in functions:
        for cell in function.__closure__ or ():
            if filled(cell) and isinstance(cell_content(cell), FIXED):
                cells.append((cell, cell_content(cell), name))
        plain, named = function.__defaults__, function.__kwdefaults__
        insides.append(Inside(function, function.__code__, plain, named, dict(named or {}), name))
    return cells, insides


def data_of(module: ModuleType) -> Iterator[tuple[Any, Any, str, bool]]:
    """Yield (value, its contents, name, inner) of the data of a module.

    `inner`: the value lies in the one of that name.
    """
    for name, value in vars(module).items():
        if name.startswith("__"):
            continue
        for part in parts_of(value):
            kept = contents(part)
            if kept is not None:
                yield part, kept, name, part is not value


def tables_of(module: ModuleType) -> list[tuple[str, Names, Names]]:
    """Return [(title, table, its functions)] of the tables in a module that say which function is
    called for what, as copy has one for types."""
    found = []
    for name, value in vars(module).items():
        if type(value) is dict and not name.startswith("__"):
            held = {key: part for key, part in value.items() if type(part) is FunctionType}
            if held:
                found.append((f"{module.__name__}.{name}", value, held))
    return found


def parts_of(value: Any) -> list[Any]:
    """Return a value and the containers in it, MOST_PARTS of them at most."""
    found = [value]
    seen = {id(value)}
    for part in found:
        inner = part.values() if type(part) is dict else part
        for item in inner if type(part) in (dict, list, tuple) else ():
            if len(found) == MOST_PARTS:
                return found
            if type(item) in (dict, list, set, tuple) and id(item) not in seen:
                seen.add(id(item))
                found.append(item)
    return found


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


def reset_hooks() -> None:
    """Remove trace functions, callbacks, timers, and all signal handlers but Python's own."""
    settrace(None)
    setprofile(None)
    vars(threading)["_trace_hook"] = vars(threading)["_profile_hook"] = None
    gc.callbacks.clear()
    setitimer(ITIMER_REAL, 0)
    for number in ALL_SIGNALS:
        if callable(handler_of(number)):
            on_signal(number, SIG_DFL)
    on_signal(SIGINT, default_int_handler)
