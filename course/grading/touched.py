"""Which dictionaries, functions and closures have been touched, told from their own memory: part of putting back (putback.py)."""
import builtins
import ctypes
import struct
import sys
from array import array
from itertools import accumulate

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

modules = sys.modules
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
    numpy, piece, read = modules.get("numpy"), 256, ctypes.string_at  # which the learner's code could replace
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
