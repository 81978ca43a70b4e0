"""Which dictionaries, functions and closures have been touched, told from their own memory: part of putting back (putback.py)."""

import builtins
import ctypes
import struct
import sys
from array import array
from itertools import accumulate

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

modules = sys.modules
TABLE = 32  # bytes from a dictionary's start to where it says where its table lies, and after that where values lie that share one
UNVERSIONED = (3, 13)  # the first Python whose dictionaries have no version


def watcher(spaces, slots=()):
    """Return a function that gives the indexes of those dictionaries that have been touched, told from their own memory, and after
    them those of the `slots`: (function or cell, name of what it holds).

    To look at each value would touch its reference count, and so copy most of the pages that a forked process shares. Each dictionary
    has a number that every change makes another (PEP 509), up to CPython 3.12. Later, a dictionary whose table lies where it lay, and
    holds the same bytes, holds the same objects. A slot with the same address does, too. Where this Python keeps them in another
    way, all count as touched.
    """
    count, everything, where = len(spaces), range(len(spaces) + len(slots)), offsets()
    if not as_known() or len(where) < 3:
        return lambda: everything
    places = [id(holder) + where[name] for holder, name in slots]
    if sys.version_info < UNVERSIONED:
        return changes([*(id(space) + 24 for space in spaces), *places])
    tables, sizes = zip(*map(table_of, spaces)) if spaces else ((), ())
    moved = changes([*(id(space) + TABLE for space in spaces), *places])
    kept = b"".join(map(ctypes.string_at, tables, sizes))
    held = ctypes.create_string_buffer(kept, len(kept) + 1)
    starts = array(
        "Q", [ctypes.addressof(held) + start for start in accumulate(sizes, initial=0)][:count]
    )
    differ = ctypes.CDLL(None).memcmp
    differ.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]

    def touched():
        assert held  # it lives as long as this function
        elsewhere = set(moved())
        return sorted(
            [
                *elsewhere,
                *(
                    place
                    for place in range(count)
                    if place not in elsewhere and differ(tables[place], starts[place], sizes[place])
                ),
            ]
        )

    return touched


def keeps(space):
    """Return a function that tells whether a dictionary still holds, under the same names, all that it holds now, whatever else has come
    to it; told from its own memory. Where that cannot be told, the answer is no.

    In a table lie the entries side by side in the order in which they came, with gaps where some have gone, and so they do in a larger
    one in its place. What is deleted or replaced is overwritten.
    """
    if not as_known():
        return lambda: False
    table, spans = read_table(space), []
    for name, value in space.items():
        entry, end = struct.pack("QQ", id(name), id(value)), spans[-1][1] if spans else 0
        place = table.find(entry, end)
        if place < 0:  # it is laid out in another way
            return lambda: False
        if place > end or not spans:
            spans.append([place, place])
        spans[-1][1] = place + len(entry)
    runs = [(table[start : start + 16], table[start:end]) for start, end in spans]

    def kept():
        table, place = read_table(space), 0
        for first, run in runs:
            place = table.find(first, place)
            if place < 0 or not table.startswith(run, place):
                return False
        return True

    return kept


def as_known():
    """Whether this is a Python whose dictionaries are laid out as CPython's have been since 3.10."""
    return (
        sys.implementation.name == "cpython"
        and dict.__basicsize__ == 48
        and getattr(sys, "_is_gil_enabled", lambda: True)()
    )


def table_of(
    space, read=ctypes.string_at, unpack=struct.unpack
):  # as they are now: the learner's code could replace them
    """(address of a dictionary's table, bytes of it; none where it shares one with others)."""
    table, values = unpack("QQ", read(id(space) + TABLE, 16))
    return table, 0 if values else space.__sizeof__() - dict.__basicsize__


def read_table(space, read=ctypes.string_at):
    return read(*table_of(space))


def changes(places):
    """Return a function that gives the indexes of those of these addresses at which other bytes lie than now, eight at each.

    To ask ctypes for each takes half a microsecond, and a check waits for twice twenty thousand. Where there is numpy, it collects them
    all, from an array that is all of the memory; only what is asked for is read, in pieces that need no new memory in a fork. Bytes
    are compared and not arrays: for these, numpy before 2.0 lets anybody say what "equal" is.
    """
    numpy, piece, read = (
        modules.get("numpy"),
        256,
        ctypes.string_at,
    )  # which the learner's code could replace
    if numpy is None:

        def collect(some):
            return b"".join([read(place, 8) for place in some])

        where = places
    else:
        base, words = 4096, ctypes.c_uint64 * ((1 << 44) - 512)  # a process has 47 bits of address
        take = numpy.frombuffer(words.from_address(base), numpy.uint64).take

        def collect(some):
            return take(some, mode="clip").tobytes()

        where = (numpy.array(places, numpy.int64) - base) // 8
    pieces = [(start, where[start : start + piece]) for start in range(0, len(places), piece)]
    pieces = [(start, some, collect(some)) for start, some in pieces]

    def changed():
        return [
            place
            for start, some, first in pieces
            for place in differing(collect(some), first, start)
        ]

    return changed


def differing(now, first, start):
    """The places, counted from `start`, at which these bytes differ, eight at each."""
    if now == first:
        return []
    if len(now) == 8:
        return [start]
    half = len(now) // 16 * 8
    return [
        *differing(now[:half], first[:half], start),
        *differing(now[half:], first[half:], start + half // 8),
    ]


def offsets():
    """How far from their start functions and cells keep what they hold, seen from some that hold a known thing."""
    thing = object()

    def sample(first=thing, *, second=thing):
        return thing

    known = (
        (sample, "__defaults__", sample.__defaults__),
        (sample, "__kwdefaults__", sample.__kwdefaults__),
        (sample.__closure__[0], "cell_contents", thing),
    )
    found = {
        name: ctypes.string_at(id(holder), type(holder).__basicsize__).find(
            struct.pack("Q", id(held))
        )
        for holder, name, held in known
    }
    return {name: place for name, place in found.items() if place > 0}
