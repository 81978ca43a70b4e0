"""Which dictionaries, functions and closures have changed since a snapshot (snapshot.py).

Comparing every value would be slow and would copy shared pages, so only the objects' own memory is
compared, as bytes.
"""

import builtins
import ctypes
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from nbjudge import libraries

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

# Bytes from a dictionary's start to the address of its table, and after that, if it shares its
# table with others, of its values.
TABLE = 32
VERSION = 24  # bytes from a dictionary's start to its version
UNVERSIONED = (3, 13)  # the first Python whose dictionaries have no version
PIECE = 256  # addresses that are read together; so few need no new memory in a fork

Space: TypeAlias = dict[Any, Any]
Slot: TypeAlias = tuple[Any, str]  # an object, and the name of what it holds: see `offsets`
Changed: TypeAlias = Callable[[], Sequence[int]]


def watcher(spaces: Sequence[Space], slots: Sequence[Slot] = ()) -> Changed:
    """Return a function that returns the indexes of the dictionaries and slots that have changed.

    The dictionaries are numbered first, then the slots: with two dictionaries, the first slot has
    the index 2.

    Reading each value would change its reference count, and so copy most of the pages that a forked
    process shares with its parent. Up to CPython 3.12 each dictionary has a version number, which
    every change replaces (PEP 509). From 3.13 on, a dictionary is unchanged if its table is at the
    same address and holds the same bytes. A slot is unchanged if it holds the same address. If this
    Python lays these objects out in another way, all of them count as changed.
    """
    everything = range(len(spaces) + len(slots))
    where = offsets()
    if not as_known() or len(where) < 5:
        return lambda: everything
    places = [id(holder) + where[name] for holder, name in slots]
    if sys.version_info < UNVERSIONED:
        versions = [id(space) + VERSION for space in spaces]
        return changes([*versions, *places])
    tables = [id(space) + TABLE for space in spaces]
    moved = changes([*tables, *places])
    differing_tables = table_watcher(spaces)

    def changed() -> Sequence[int]:
        elsewhere = set(moved())
        return sorted([*elsewhere, *differing_tables(elsewhere)])

    return changed


def versions_of(spaces: Sequence[Space]) -> Callable[[], list[bytes]]:
    """Return a function that returns the version of each dictionary, or nothing where this Python's
    dictionaries have none.

    A version tells of a name that was changed and put back, too.
    """
    known = as_known() and sys.version_info < UNVERSIONED
    places = [id(space) + VERSION for space in spaces] if known else []
    read = ctypes.string_at

    def versions() -> list[bytes]:
        return [read(place, 8) for place in places]

    return versions


def table_watcher(spaces: Sequence[Space]) -> Callable[[set[int]], list[int]]:
    """Return a function that returns the indexes of the dictionaries whose table holds other bytes
    than now. Its argument are the indexes of those whose table has moved, which it skips."""
    tables = []
    sizes = []
    for space in spaces:
        table, size = table_of(space)
        tables.append(table)
        sizes.append(size)
    kept = b"".join(map(ctypes.string_at, tables, sizes))
    held = ctypes.create_string_buffer(kept, len(kept) + 1)
    starts = accumulate(sizes, initial=ctypes.addressof(held))
    copies = array("Q", starts)
    compare = ctypes.CDLL(None).memcmp
    compare.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]

    def differing_tables(moved: set[int]) -> list[int]:
        assert held  # named here so that the copy lives as long as this function
        found = []
        for place, (table, size) in enumerate(zip(tables, sizes)):
            if place not in moved and compare(table, copies[place], size):
                found.append(place)
        return found

    return differing_tables


def as_known() -> bool:
    """Return whether this Python lays dictionaries out as CPython has done since 3.10."""
    if sys.implementation.name != "cpython":
        return False
    if dict.__basicsize__ != 48:
        return False
    # CPython 3.13 and later can be built without a GIL, and then lays them out in another way.
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


# The functions below bind what they call as default arguments, because student code could replace
# it in the module that it comes from.


def table_of(
    space: Space, read: Any = ctypes.string_at, unpack: Any = struct.unpack
) -> tuple[int, int]:
    """Return (address of a dictionary's table, its size in bytes; 0 for a shared table)."""
    table, values = unpack("QQ", read(id(space) + TABLE, 16))
    if values:
        return table, 0
    return table, space.__sizeof__() - dict.__basicsize__


def changes(places: list[int]) -> Changed:
    """Return a function that returns the indexes of the addresses where the eight bytes differ from
    those that are there now."""
    gather = libraries.gatherer() or gather_one_by_one
    where, read_words = gather(places)
    pieces = []
    for start in range(0, len(places), PIECE):
        some = where[start : start + PIECE]
        pieces.append((start, some, read_words(some)))

    def changed() -> list[int]:
        found = []
        for start, some, before in pieces:
            found += differing(read_words(some), before, start)
        return found

    return changed


def gather_one_by_one(places: Sequence[int]) -> libraries.Gather:
    """Read with ctypes, one address at a time: for courses that do not use NumPy."""
    read = ctypes.string_at

    def read_words(some: Sequence[int]) -> bytes:
        return b"".join([read(place, 8) for place in some])

    return places, read_words


def differing(now: bytes, before: bytes, start: int) -> list[int]:
    """Return the indexes of the eight-byte words that differ, numbered from `start`."""
    if now == before:
        return []
    if len(now) == 8:
        return [start]
    places = len(now) // 16
    middle = places * 8
    first = differing(now[:middle], before[:middle], start)
    second = differing(now[middle:], before[middle:], start + places)
    return first + second


def offsets() -> dict[str, int]:
    """{name: bytes from the start of an object to the address of what it holds}.

    The objects are functions and cells, and for `__class__` all but those of a few built-in types.

    They are found by searching the memory of a sample function for the address of a known object.
    """
    thing = object()

    def sample(first: object = thing, *, second: object = thing) -> object:
        return thing

    known = (
        (sample, "__defaults__", sample.__defaults__),
        (sample, "__kwdefaults__", sample.__kwdefaults__),
        (sample, "__code__", sample.__code__),
        (sample.__closure__[0], "cell_contents", thing),  # type: ignore[index]
        (sample, "__class__", type(sample)),
    )
    found = {}
    for holder, name, held in known:
        memory = ctypes.string_at(id(holder), type(holder).__basicsize__)
        place = memory.find(struct.pack("Q", id(held)))
        if place > 0:
            found[name] = place
    return found
