"""What the two sides of the sandbox's wall say to each other: the only module that both import.

Orders to processes of our own are marshalled. Orders to a process that runs a learner's code are enciphered too, or one of the
learner's threads could read them. Answers are JSON, because nothing that comes out of a sandbox is ever unpickled.
"""

import builtins
import json
import socket
from hashlib import shake_256
from marshal import dumps, loads
from typing import NamedTuple

__builtins__ = dict(vars(builtins))  # the functions below look here, and not where others can patch

REAL = "__builtins_of_python__"  # the name under which a check finds Python's own builtins, whatever the notebook calls its things
HOME = "/home/learner"  # the working folder inside
PLAIN = {
    "LANG": "C.UTF-8",
    "HOME": HOME,
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TMPDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONDONTWRITEBYTECODE": "1",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_WAIT_POLICY": "PASSIVE",
    # one thread: others do not come along into a fork, which would wait for them; and sums are the same however many workers there are
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}


class Limits(NamedTuple):
    """What one submission may use."""

    memory: int = (
        4 << 30
    )  # bytes of private memory, above what the warm parent has; of each process
    disk: int = 512 << 20  # bytes of files, kept in memory
    processes: int = 64
    cpu: int = 1800  # seconds of each process


class NoRoom(OSError):
    """The system allows no such room; str() says which step failed."""


# ---- how much of what a cell says is kept ----------------------------------------

KEPT_TEXT = 100_000  # characters a cell may print
KEPT_PICTURES = 10_000_000  # characters of pictures and tables in a cell
KEPT_MESSAGE = 10_000  # characters at either end of an error message
CUT = "... Output cut here: "


def shorten(text):
    """Both ends of a long text: a misconception's code stands in the last line."""
    return (
        text
        if len(text) <= 2 * KEPT_MESSAGE
        else f"{text[:KEPT_MESSAGE]}\n... cut ...\n{text[-KEPT_MESSAGE:]}"
    )


# ---- messages ----------------------------------------


def ask(sock, order, descriptor):
    """Ask a process of ours for something, with a socket on which to answer."""
    data = dumps(order)
    socket.send_fds(sock, [head_of(data)], [descriptor])
    sock.sendall(data)


def asked(sock):
    """(the next order, the socket that came with it); (None, None) where the other end is closed."""
    head, found, _, _ = socket.recv_fds(sock, 8, 1)
    return (
        (loads(exactly(sock.recv, int.from_bytes(head, "big"))), socket.socket(fileno=found[0]))
        if head
        else (None, None)
    )


def send(sock, message):
    data = json.dumps(message).encode()
    sock.sendall(head_of(data) + data)


def receive(sock):
    """The next answer; None where the other end is closed. Raises ValueError for what is none."""
    first = sock.recv(1)
    return (
        json.loads(exactly(sock.recv, int.from_bytes(first + exactly(sock.recv, 7), "big")))
        if first
        else None
    )


def head_of(data):
    return len(data).to_bytes(8, "big")


def exactly(more, count):
    data = bytearray()
    while len(data) < count:
        part = more(min(count - len(data), 1 << 20))
        if not part:
            raise ValueError("the message ended too soon")
        data += part
    return bytes(data)


def enciphered(data, key, number):
    """XOR with a stream that only the key's owners can make, another for each number; done twice it is undone."""
    stream = shake_256(key + number.to_bytes(8, "big")).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


def sealed(order, key, number):
    """An order as it is sent into a room."""
    data = enciphered(dumps(order), key, number)
    return head_of(data) + data
