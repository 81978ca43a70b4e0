"""Text and JSON that nobody has checked, made into what can be read, shown and written.

A file of a student's or a message out of a sandbox may hold any bytes. What leaves this module is
valid UTF-8, is not nested too deeply for Python, and takes memory in proportion to its size.
"""

import json
import os
from math import isfinite
from typing import Any

LARGE = 1_000_000  # bytes of JSON from which its values are counted before it is parsed
MOST_VALUES = 5_000_000  # of JSON, where a list or a dictionary counts as CONTAINER values
CONTAINER = 5  # because it takes that much more memory than a number or a short text
DEEPEST = 50  # levels of lists and dictionaries
PART = 1 << 20  # bytes


class TooManyValues(ValueError):
    """JSON of a few megabytes can take gigabytes when it is parsed."""


def writable(text: str) -> str:
    """Return the text with "?" for every half of a surrogate pair, which UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def is_writable(name: str) -> bool:
    """Return whether a file's name is UTF-8."""
    return writable(name) == name


def shown(name: str) -> str:
    r"""Return a file's name as people can read it, with `\xe4` for a byte that is not UTF-8.

    The same is done for what has no picture of its own: a terminal would obey `\x1b[2J`, and
    `\u202e` turns what follows around, so that a name looks like another one.
    """
    readable = os.fsencode(name).decode("utf-8", "backslashreplace")
    parts = []
    for letter in readable:
        plain = letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        parts.append(plain)
    return "".join(parts)


def one_line(text: str) -> str:
    """Return a sentence as a terminal and a page can show it: in one line, no control characters.

    Each is replaced by a space, also those that have no width or turn the direction of writing.
    """
    plain = [letter if letter.isprintable() else " " for letter in writable(text)]
    return "".join(plain)


def load_json(data: bytes) -> Any:
    """Return what JSON in UTF-8 says. Raises ValueError where the bytes are none, or hold too much.

    Of the latter, TooManyValues says that there are too many values.
    """
    if len(data) > LARGE and values_in(data) > MOST_VALUES:
        raise TooManyValues(f"it holds more than {MOST_VALUES:,} values")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def values_in(data: bytes) -> int:
    """Count the values of JSON without parsing it, by the signs that stand outside its texts."""
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"")
    count = 0
    inside = 0  # 1 where a part begins inside a text
    for start in range(0, len(plain), PART):
        pieces = plain[start : start + PART].split(b'"')
        outside = b"".join(pieces[inside::2])
        containers = outside.count(b"[") + outside.count(b"{")
        count += outside.count(b",") + CONTAINER * containers
        inside = (inside + len(pieces) - 1) % 2
    return count


def clean_json(value: Any, levels: int = DEEPEST) -> Any:
    """Return a copy of parsed JSON whose texts are UTF-8 and whose numbers are finite.

    Raises ValueError where it is nested more than `levels` deep.
    """
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, (list, dict)):
        return value
    if not levels:
        raise ValueError("it is nested too deeply")
    if isinstance(value, list):
        return [clean_json(each, levels - 1) for each in value]
    return {writable(key): clean_json(each, levels - 1) for key, each in value.items()}


def is_text(value: Any) -> bool:
    """Return whether a value is a text, or a text in lines, as nbformat keeps it."""
    if isinstance(value, list):
        return all(isinstance(line, str) for line in value)
    return isinstance(value, str)
