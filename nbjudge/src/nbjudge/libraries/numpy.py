"""What the engine knows of NumPy, and of what is built on it. This does not import NumPy."""

import builtins
import ctypes
import sys
from collections.abc import Sequence
from typing import Any

from nbjudge.libraries import Gather, Library, register_library

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules
BASE = 4096  # nothing is mapped below: sysctl vm.mmap_min_addr
ADDRESSES = 1 << 47  # a process's addresses have 47 bits
WORD = 8  # bytes


def reseed(seed: int) -> None:
    """Seed NumPy's random numbers."""
    modules["numpy"].random.seed(seed)


def array_bytes(array: Any) -> bytes | None:
    """Return the bytes of an array, None if it holds Python objects."""
    if array.dtype.hasobject:
        return None
    data: bytes = array.tobytes()
    return data


def refill_array(array: Any, data: bytes) -> None:
    """Write bytes that `array_bytes` has returned back into an array."""
    array[...] = type(array)(array.shape, array.dtype, data)


def gather(addresses: Sequence[int]) -> Gather:
    """Make an array of the whole address space, and read single words of it by their index.

    ctypes takes half a microsecond for an address, and each check reads twenty thousand addresses
    twice. The result is bytes and not an array, because before NumPy 2.0 student code can replace
    the comparison of arrays (numpy.set_numeric_ops).
    """
    numpy = modules["numpy"]
    words = ctypes.c_uint64 * (ADDRESSES // WORD - BASE // WORD)
    take = numpy.frombuffer(words.from_address(BASE), numpy.uint64).take

    def read_words(places: Any) -> bytes:
        data: bytes = take(places, mode="clip").tobytes()
        return data

    return (numpy.array(addresses, numpy.int64) - BASE) // WORD, read_words


register_library(
    Library(
        name="numpy",
        reseed=reseed,
        seed_source="import numpy\n\nnumpy.random.seed({seed})",
        array_type="ndarray",
        array_bytes=array_bytes,
        refill_array=refill_array,
        gather=gather,
    )
)
