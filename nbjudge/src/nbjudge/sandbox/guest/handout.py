"""Values as bytes: what a student's process hands out for a check that is judged outside it.

The student's process encodes, and may send any bytes instead. A fresh process decodes, and whatever
the bytes are, it builds nothing but data: None, bool, int, float, complex, str, bytes, lists,
tuples, dictionaries, sets, and the arrays of the known libraries. It calls no class by a name that
is in the bytes, and reads no pickle.

    value = tag, then: nothing (None, True, False) | a number | length and bytes | count and values
"""

import builtins
import contextlib
import struct
import sys
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from nbjudge import libraries
from nbjudge.sandbox.wire import Output

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

DEEPEST = 100  # levels of lists and other containers
MOST_BYTES = 32 << 20  # of all values that are handed out for one check
MOST_VALUES = 2_000_000

CONTAINERS: dict[bytes, type] = {b"l": list, b"t": tuple, b"e": set, b"z": frozenset}
TAGS = {kind: tag for tag, kind in CONTAINERS.items()}
KINDS = {
    FunctionType: "a function",
    BuiltinFunctionType: "a function",
    MethodType: "a method",
    ModuleType: "a module",
    GeneratorType: "a generator",
    type: "a class",
}
VALUES_ALONE = (
    "this exercise is judged from the values alone, so use numbers, texts, lists, tuples, "
    "dictionaries, sets, arrays or tensors"
)

# Bound now, before student code can replace them.
pack, unpack_from = struct.pack, struct.unpack_from
modules = sys.modules


class NotData(Exception):
    """Two arguments: where in a value something is that is no data, and what it is."""


# ---- in the student's process ------------------------------------------------------------------


def hand_out(names: Mapping[str, Any], asked: Iterable[str]) -> str:
    """Return those of the asked names that are bound, with their values, as one text.

    A value that is no data goes as a tuple that says what it is.
    """
    found: dict[str, Any] = {}
    left = MOST_BYTES
    for name in asked:
        if name not in names:
            continue
        try:
            data = encode(names[name], name)
            if len(data) > left:
                raise NotData(name, f"larger than {MOST_BYTES >> 20} MB, with the others")
            left -= len(data)
            found[name] = data
        except NotData as problem:
            found[name] = tuple(map(str, problem.args))
        except BaseException as problem:  # an array that the student's code has broken
            found[name] = (name, f"a value that cannot be read ({type(problem).__name__})")
    return b2a_base64(encode(found, ""), newline=False).decode()


def encode(value: Any, where: str = "it") -> bytes:
    """Return a value as bytes. Raises NotData; `where` is the value's name for that."""
    parts: list[bytes] = []
    put(value, where, parts, 0)
    return b"".join(parts)


def put(value: Any, where: str, parts: list[bytes], level: int) -> None:
    """Append the bytes of a value to `parts`; `level` says how many containers it is in."""
    kind = type(value)
    if level > DEEPEST:
        raise NotData(where, f"nested more than {DEEPEST} levels deep")
    if len(parts) > 3 * MOST_VALUES:
        raise NotData(where, f"part of more than {MOST_VALUES:,} values")
    if value is None:
        parts.append(b"N")
    elif kind is bool:
        parts.append(b"T" if value else b"F")
    elif kind is int:
        put_bytes(b"i", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True), parts)
    elif kind is float:
        parts.append(b"f" + pack("<d", value))
    elif kind is complex:
        parts.append(b"c" + pack("<dd", value.real, value.imag))
    elif kind is str:
        put_bytes(b"s", value.encode("utf-8", "surrogatepass"), parts)
    elif kind is bytes:
        put_bytes(b"b", value, parts)
    elif kind in TAGS:
        parts.append(TAGS[kind] + pack("<Q", len(value)))
        for number, each in enumerate(value):
            put(each, f"{where}[{number}]", parts, level + 1)
    elif kind is dict:
        parts.append(b"d" + pack("<Q", len(value)))
        for key, each in value.items():
            shown = repr(key) if type(key) in (str, int) else "..."
            put(key, f"a key of {where}", parts, level + 1)
            put(each, f"{where}[{shown[:50]}]", parts, level + 1)
    else:
        put_array(value, where, parts)


def put_bytes(tag: bytes, data: bytes, parts: list[bytes]) -> None:
    """Append a tag, a length and as many bytes."""
    parts += [tag + pack("<Q", len(data)), data]


def put_array(value: Any, where: str, parts: list[bytes]) -> None:
    """Append an array, or another plain value of a known library."""
    for library in libraries.imported():
        try:
            plain = library.plain_of(value)
        except ValueError as problem:
            raise NotData(where, str(problem)) from None
        if plain is not None:
            parts.append(b"a")
            put((library.name, *plain), where, parts, 0)
            return
    raise NotData(where, what_is(value))


def what_is(value: Any) -> str:
    """Return in words what a value is that is no data."""
    for kind, words in KINDS.items():
        if isinstance(value, kind):
            return words
    return f"of the type {type(value).__name__[:100]}"


# ---- in a fresh process ------------------------------------------------------------------------


def take_in(data: bytes, names: dict[str, Any]) -> dict[str, str]:
    """Bind names to the values that `hand_out` has sent; return {name: sentence} of the others.

    `data` are its bytes, no longer as text. A name that was refused loses what it holds here, if
    that is data, such as the None of a given cell. Raises ValueError where the bytes are not what
    `hand_out` makes.
    """
    handed = decode(data)
    if type(handed) is not dict:
        raise ValueError("no names")
    refused = {}
    for name, value in handed.items():
        if type(name) is str and type(value) is bytes:
            names[name] = decode(value)
        elif type(name) is str and type(value) is tuple and len(value) == 2:
            where, what = value
            refused[name] = f"`{str(where)[:200]}` is {str(what)[:200]}; {VALUES_ALONE}"
            with contextlib.suppress(NotData):
                encode(names.get(name))
                names.pop(name, None)
        else:
            raise ValueError("neither a value nor a reason")
    return refused


def explain(outputs: list[Output], refused: Mapping[str, str]) -> None:
    """Where the last error is about a refused name, put the reason in the error's place."""
    last = outputs[-1] if outputs else {}
    if last.get("ename") != "NameError":
        return
    for name, sentence in refused.items():
        if last["evalue"].startswith(f"name '{name}' is not defined"):
            last["ename"] = "NotData"
            last["evalue"] = sentence
            last["traceback"] = [*last["traceback"][:-1], f"NotData: {sentence}"]


def decode(data: bytes) -> Any:
    """Return the value of these bytes. Raises ValueError for bytes that `encode` does not make."""
    budget = [MOST_VALUES]
    try:
        value, end = get(data, 0, 0, budget)
    except Exception as problem:  # of Python's or a library's, about bytes that anybody may send
        raise ValueError(f"no value: {problem}") from None
    if end != len(data):
        raise ValueError("more than a value")
    return value


def get(data: bytes, place: int, level: int, budget: list[int]) -> tuple[Any, int]:
    """Return (the value that begins at a place, where it ends).

    `budget`: how many more values there may be. `decode` turns what this raises into ValueError.
    """
    budget[0] -= 1
    if level > DEEPEST or budget[0] < 0:
        raise ValueError("too many values, or nested too deeply")
    tag, place = data[place : place + 1], place + 1
    if tag in (b"N", b"T", b"F"):
        return {b"N": None, b"T": True, b"F": False}[tag], place
    if tag == b"f":
        return unpack_from("<d", data, place)[0], place + 8
    if tag == b"c":
        return complex(*unpack_from("<dd", data, place)), place + 16
    if tag == b"a":
        plain, place = get(data, place, level + 1, budget)
        return array_of(plain), place
    count, place = unpack_from("<Q", data, place)[0], place + 8
    if count > len(data) - place:
        raise ValueError("it ends too soon")
    if tag in READERS:
        return READERS[tag](data[place : place + count]), place + count
    if tag not in CONTAINERS and tag != b"d":
        raise ValueError("an unknown kind of value")
    values = []
    for _ in range(2 * count if tag == b"d" else count):
        value, place = get(data, place, level + 1, budget)
        values.append(value)
    if tag == b"d":
        return dict(zip(values[::2], values[1::2])), place
    return CONTAINERS[tag](values), place


def get_int(data: bytes) -> int:
    """Return the whole number of these bytes."""
    return int.from_bytes(data, "little", signed=True)


def get_text(data: bytes) -> str:
    """Return the text of these bytes, in which there may be halves of surrogate pairs."""
    return data.decode("utf-8", "surrogatepass")


READERS: dict[bytes, Callable[[bytes], Any]] = {b"i": get_int, b"s": get_text, b"b": bytes}


def array_of(plain: Any) -> Any:
    """Return the array of (library, kind, dtype, shape, bytes), after a look at each of them."""
    if type(plain) is not tuple or len(plain) != 5:
        raise ValueError("no array")
    name, kind, dtype, shape, data = plain
    if [type(each) for each in plain] != [str, str, str, tuple, bytes]:
        raise ValueError("no array")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("no shape")
    library = libraries.registered.get(name)
    if library is None:
        raise ValueError("an unknown library")
    if modules.get(name) is None:
        __import__(name)
    return library.from_plain(kind, dtype, shape, data)
