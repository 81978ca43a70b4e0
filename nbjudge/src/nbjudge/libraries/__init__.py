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

# Restores settings that `take_settings` has returned, where the lesson mentions none of these
# names. Whether a value is the student's says the last argument. Returns notes for the instructor.
RestoreSettings: TypeAlias = Callable[
    [dict[str, Any], frozenset[str], Callable[[Any], bool]], list[str]
]


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
    # What a notebook can set for all of its cells, such as whether gradients are computed.
    take_settings: Callable[[], dict[str, Any]] | None = None
    restore_settings: RestoreSettings | None = None
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


def take_settings() -> dict[str, dict[str, Any]]:
    """Return {library: its settings} of each imported library that has any."""
    found = {}
    for library in imported():
        if library.take_settings:
            found[library.name] = library.take_settings()
    return found


def keep_settings(settings: dict[str, dict[str, Any]]) -> None:
    """Put the present settings in the place of these, which an instructor's cell has changed."""
    settings.update(take_settings())


def restore_settings(
    settings: dict[str, dict[str, Any]],
    mentioned: frozenset[str],
    is_students: Callable[[Any], bool],
) -> list[str]:
    """Restore the settings of each library; return notes for the instructor.

    A setting whose function is `mentioned` in the lesson stays as the student has left it.
    """
    notes = []
    for library in imported():
        if library.restore_settings and library.name in settings:
            notes += library.restore_settings(settings[library.name], mentioned, is_students)
    return notes


def seed_source(seed: int) -> str:
    """Return a cell that seeds a notebook as it was seeded when it was graded."""
    blocks = [f"import random\n\nrandom.seed({seed})"]
    for library in registered.values():
        lines = "\n    ".join(library.seed_source.format(seed=seed).splitlines())
        blocks.append(f"try:\n    {lines}\nexcept ImportError:\n    pass")
    return "\n".join(blocks)


# Last, because each of them registers itself here.
from nbjudge.libraries import numpy, torch  # noqa: E402, F401
