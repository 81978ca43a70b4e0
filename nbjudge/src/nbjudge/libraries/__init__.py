"""What the engine knows of libraries: one small module for each, and none imports its library.

Each module here registers a `Library`. Its functions are called only if the library is in
sys.modules.

In the sandbox these modules run beside student code, and the engine cannot be imported there later.
Therefore they are all loaded with this one, have builtins of their own, and define only functions
and NamedTuples: from the methods of a class, student code would get at a module's global names.
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
# A library's value as data: (kind, dtype, shape, the bytes of its numbers).
Plain: TypeAlias = tuple[str, str, tuple[int, ...], bytes]


class Library(NamedTuple):
    """A library. `name` is also the `__module__` of its array type."""

    name: str
    reseed: Callable[[int], None]
    seed_source: str  # the same as lines of Python, with {seed} in it
    array_type: str
    array_bytes: Callable[[Any], bytes | None]  # None: it holds Python objects
    refill_array: Callable[[Any, bytes], None]
    # None: the value is not of this library; ValueError says why it is no data.
    plain_of: Callable[[Any], Plain | None]
    # ValueError for what plain_of does not return; none of the four needs to be true.
    from_plain: Callable[[str, str, tuple[int, ...], bytes], Any]
    # Top-level packages that may look at frames and memory, because they do not return them.
    trusted_callers: frozenset[str]
    tell_frames: tuple[str, ...] = ()  # modules of these packages that do return frames
    act_for_caller: tuple[str, ...] = ()  # modules in whose place their caller counts
    before_check: Callable[[], None] | None = None  # in the fork that runs a check
    gather: Callable[[Sequence[int]], Gather] | None = None


registered: dict[str, Library] = {}


def register_library(library: Library) -> None:
    """Make a library known."""
    registered[library.name] = library


def imported() -> list[Library]:
    """Return the registered libraries that this process has imported."""
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
    """Return the library whose array type is the value's type; None for all other values.

    A subclass does not count, because it could be the student's.
    """
    kind = type(value)
    for library in registered.values():
        if kind.__name__ == library.array_type and kind.__module__ == library.name:
            return library
    return None


def gatherer() -> Callable[[Sequence[int]], Gather] | None:
    """Return an imported library's quick way to read eight bytes at each of many addresses."""
    for library in imported():
        if library.gather:
            return library.gather
    return None


def trusted_callers() -> set[str]:
    """Return the field of all registered libraries, because a notebook may import one later."""
    found: set[str] = set()
    for library in registered.values():
        found |= library.trusted_callers
    return found


def tell_frames() -> tuple[str, ...]:
    """Return the field of all registered libraries."""
    return sum((library.tell_frames for library in registered.values()), ())


def act_for_caller() -> tuple[str, ...]:
    """Return the field of all registered libraries."""
    return sum((library.act_for_caller for library in registered.values()), ())


def seed_source(seed: int) -> str:
    """Return a cell that seeds a notebook as it was seeded when it was graded."""
    blocks = [f"import random\n\nrandom.seed({seed})"]
    for library in registered.values():
        lines = "\n    ".join(library.seed_source.format(seed=seed).splitlines())
        blocks.append(f"try:\n    {lines}\nexcept ImportError:\n    pass")
    return "\n".join(blocks)


# Last, because each of them registers itself here.
from nbjudge.libraries import numpy, torch  # noqa: E402, F401
