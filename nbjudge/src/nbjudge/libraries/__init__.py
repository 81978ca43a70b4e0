"""What the engine knows of libraries: one small module for each, and none imports its library.

A module registers a `Library`. Its functions are called only while the library is in sys.modules.
In the sandbox they run beside student code, and the engine cannot be imported there later: so all
modules are loaded with this one, have builtins of their own, and have functions and NamedTuples
only, because a class's methods would lead student code to their module's global names.
"""

import builtins
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules

# Addresses prepared for reading, and a function that reads eight bytes at each of a slice of them.
Gather: TypeAlias = tuple[Sequence[Any], Callable[[Any], bytes]]


class Library(NamedTuple):
    """A library. `name` is also the module in which its array type says that it was written."""

    name: str
    reseed: Callable[[int], None]
    seed_source: str  # the same as lines of Python, with {seed} in it
    array_type: str
    array_bytes: Callable[[Any], bytes | None]  # None: it holds Python objects
    refill_array: Callable[[Any, bytes], None]
    # Top-level packages that may look at frames and memory: they keep to themselves what they see.
    trusted_callers: frozenset[str]
    tell_frames: tuple[str, ...] = ()  # modules of these packages that hand on frames
    act_for_caller: tuple[str, ...] = ()  # modules that do nothing of their own accord
    before_check: Callable[[], None] | None = None  # in the fork that runs a check
    gather: Callable[[Sequence[int]], Gather] | None = None


registered: dict[str, Library] = {}


def register(library: Library) -> None:
    registered[library.name] = library


def imported() -> list[Library]:
    """The registered libraries that this process has imported."""
    return [library for name, library in registered.items() if modules.get(name) is not None]


def reseed(seed: int) -> None:
    """Seed the random numbers of each imported library."""
    for library in imported():
        library.reseed(seed)


def before_check() -> None:
    """Make each imported library fit to run in a fork."""
    for library in imported():
        if library.before_check:
            library.before_check()


def array_library(value: Any) -> Library | None:
    """The library of whose array type, and of no subclass, the value is."""
    kind = type(value)
    for library in registered.values():
        if kind.__name__ == library.array_type and kind.__module__ == library.name:
            return library
    return None


def gatherer() -> Callable[[Sequence[int]], Gather] | None:
    """A quick way to read eight bytes at each of many addresses, if an imported library has one."""
    for library in imported():
        if library.gather:
            return library.gather
    return None


def trusted_callers() -> set[str]:
    """Of all registered libraries, because a notebook may import one later."""
    found: set[str] = set()
    for library in registered.values():
        found |= library.trusted_callers
    return found


def tell_frames() -> tuple[str, ...]:
    return sum((library.tell_frames for library in registered.values()), ())


def act_for_caller() -> tuple[str, ...]:
    return sum((library.act_for_caller for library in registered.values()), ())


def seed_source(seed: int) -> str:
    """A cell that gives a notebook the random numbers with which it was graded."""
    blocks = [f"import random\n\nrandom.seed({seed})"]
    for library in registered.values():
        lines = "\n    ".join(library.seed_source.format(seed=seed).splitlines())
        blocks.append(f"try:\n    {lines}\nexcept ImportError:\n    pass")
    return "\n".join(blocks)


# Last, because each of them registers itself here.
from nbjudge.libraries import numpy, torch  # noqa: E402, F401
