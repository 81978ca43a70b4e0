"""What the engine knows of NumPy, and of what is built on it. This does not import NumPy."""

import builtins
import ctypes
import sys
from collections.abc import Sequence
from typing import Any

from nbjudge.libraries import Gather, Library, register

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules
BASE = 4096  # nothing is mapped below: sysctl vm.mmap_min_addr
ADDRESSES = 1 << 47  # a process's addresses have 47 bits
WORD = 8  # bytes


def reseed(seed: int) -> None:
    modules["numpy"].random.seed(seed)


def array_bytes(array: Any) -> bytes | None:
    if array.dtype.hasobject:
        return None
    data: bytes = array.tobytes()
    return data


def refill_array(array: Any, data: bytes) -> None:
    array[...] = type(array)(array.shape, array.dtype, data)


def gather(addresses: Sequence[int]) -> Gather:
    """Read through an array that is all of the memory, of which only what is asked for is read.

    To ask ctypes for each address takes half a microsecond, and a check waits for twice twenty
    thousand. The result is bytes and not an array: what "equal" means for arrays, NumPy before 2.0
    lets anybody say.
    """
    numpy = modules["numpy"]
    words = ctypes.c_uint64 * (ADDRESSES // WORD - BASE // WORD)
    take = numpy.frombuffer(words.from_address(BASE), numpy.uint64).take

    def read_words(places: Any) -> bytes:
        data: bytes = take(places, mode="clip").tobytes()
        return data

    return (numpy.array(addresses, numpy.int64) - BASE) // WORD, read_words


register(
    Library(
        name="numpy",
        reseed=reseed,
        seed_source="import numpy\n\nnumpy.random.seed({seed})",
        array_type="ndarray",
        array_bytes=array_bytes,
        refill_array=refill_array,
        trusted_callers=frozenset(
            {"numpy", "scipy", "sklearn", "pandas", "joblib", "threadpoolctl"}
        ),
        act_for_caller=("numpy.ctypeslib",),
        gather=gather,
    )
)
