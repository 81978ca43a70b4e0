"""What the engine knows of NumPy, and of what is built on it. This does not import NumPy."""

import builtins
import ctypes
import re
import sys
from collections.abc import Sequence
from math import prod
from typing import Any

from nbjudge.libraries import Gather, Library, Plain, register_library

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules
BASE = 4096  # nothing is mapped below: sysctl vm.mmap_min_addr
ADDRESSES = 1 << 47  # a process's addresses have 47 bits
WORD = 8  # bytes
# Numbers, texts and times of every size and byte order; no Python objects, and no named fields.
DTYPE = re.compile(r"[<>|=](?:[biufcSU]\d{1,9}|[mM]8(?:\[\d{0,9}[A-Za-zμ]{1,2}\])?)")


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


def plain_of(value: Any) -> Plain | None:
    """Return an array or a scalar as data; see `Library`."""
    numpy = modules["numpy"]
    kind = type(value)
    is_scalar = issubclass(kind, numpy.generic) and kind.__module__ == "numpy"
    if kind is not numpy.ndarray and not is_scalar:
        return None
    array = numpy.asarray(value)  # gives an empty text the size of one letter
    dtype = array.dtype.str
    if not DTYPE.fullmatch(dtype):
        raise ValueError(f"an array of the dtype {array.dtype}")
    return "scalar" if is_scalar else "ndarray", dtype, tuple(array.shape), array.tobytes()


def from_plain(kind: str, dtype: str, shape: tuple[int, ...], data: bytes) -> Any:
    """Return the array or the scalar of what `plain_of` has returned; see `Library`."""
    numpy = modules["numpy"]
    if not DTYPE.fullmatch(dtype) or kind not in ("ndarray", "scalar"):
        raise ValueError("no dtype")
    plain = numpy.dtype(dtype)
    if plain.itemsize * prod(shape) != len(data) or not plain.itemsize:
        raise ValueError("as many bytes do not make this shape")
    if plain.kind == "b" and data.translate(None, b"\0\1"):
        raise ValueError("a bool that is neither True nor False")
    array = numpy.frombuffer(bytearray(data), plain) if data else numpy.zeros(0, plain)
    if plain.kind == "U" and data:
        letters = numpy.frombuffer(data, numpy.dtype(f"{plain.str[0]}u4"))
        if letters.max() > sys.maxunicode:
            raise ValueError("no text")
    array = array.reshape(shape)
    if kind == "ndarray":
        return array
    if shape:
        raise ValueError("a scalar has no shape")
    return array[()]


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
        plain_of=plain_of,
        from_plain=from_plain,
        gather=gather,
    )
)
