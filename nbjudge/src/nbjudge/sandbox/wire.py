"""The messages between the two sides of the sandbox: the only module that both sides import.

Orders to the zygote and to template processes are marshalled. Orders to a process that runs a
student's code are also enciphered, because a thread of that code could read the socket. Answers
are JSON, because nothing that comes out of a sandbox is ever unpickled.

No class here has a method: code in a notebook can list every class, and from a method it would get
at this module's global names.
"""

import builtins
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from hashlib import shake_256
from marshal import dumps, loads
from types import CodeType
from typing import Any, NamedTuple, TypeAlias, TypedDict

from nbjudge.errors import SandboxUnavailable as SandboxUnavailable  # what the guest raises

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

# Of the files that one notebook leaves in its folder, as many are kept.
WRITTEN_BYTES = 100_000_000  # of all together
WRITTEN_FILES = 10_000
LONGEST_NAME = 1_000  # bytes of a relative name; Linux takes 4,096 for a whole path
HOME = "/home/learner"  # the working folder in a sandbox
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": HOME,
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TMPDIR": "/tmp",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONDONTWRITEBYTECODE": "1",
    "NBGRADER_EXECUTION": "autograde",
    "OMP_WAIT_POLICY": "PASSIVE",
    # One thread: after a fork the other threads are gone, and waiting for them would never end.
    # Besides, sums must be the same for any number of workers.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

Output: TypeAlias = dict[str, Any]  # an output of a cell, as nbformat 4 has it


# The kernel counts threads, and processes that have ended until somebody waits for them, so its
# limit is wider by this factor. The host counts running processes.
TASKS_PER_PROCESS = 4


class Limits(NamedTuple):
    """What one submission may use."""

    memory: int = 4 << 30  # bytes of private memory of each process, above what a template has
    disk: int = 512 << 20  # bytes of files, which are kept in memory
    processes: int = 64
    cpu: int = 1800  # seconds of each process


# Methods that decide how objects are compared, also by their difference, and what passes for their
# type.
LYING = frozenset(
    """
    __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __contains__ __sub__ __rsub__ __abs__ __round__
    __class__ __instancecheck__ __subclasscheck__
    __array_ufunc__ __array_function__ __torch_function__ __torch_dispatch__
    """.split()
)


class OfLesson(NamedTuple):
    """What a lesson's own cells do, so that it is ordinary there: see planning/reaching.py."""

    mentions: tuple[str, ...] = ()  # names and attributes in its given cells and solutions
    writes: tuple[str, ...] = ()  # attributes that any of its cells assigns; "*" for any
    asks: tuple[str, ...] = ()  # names and attributes in its checks


TUPLES: dict[str, Callable[..., Any]] = {"limits": Limits, "lesson": OfLesson}  # in orders

# ---- what the messages say ----------------------------------------


class TemplateOrder(TypedDict):
    """To the zygote: fork, and become the template process of an assignment."""

    cells: tuple[str, ...]  # sources of the given cells before the first answer
    imports: tuple[str, ...]
    files: dict[str, bytes]
    own: tuple[str, ...]  # top-level packages of the instructor's
    beside: tuple[str, ...]  # top-level modules and packages among the files
    lesson: OfLesson
    seed: int


class TemplateReport(TypedDict):
    """From a template process, once it has run its cells."""

    outputs: list[list[Output]]  # of each cell
    seconds: list[float]  # of each cell
    well: bool  # it can be used: no cell failed or wrote files
    folder: str  # its working folder, for the host to remove


class SessionOrder(TypedDict):
    """To a template process: fork, and enter a sandbox with a submission."""

    files: dict[str, bytes]
    beside: tuple[str, ...]  # top-level modules and packages among the files that are not given
    base: str  # an empty folder of the host, on which the sandbox's file system is built
    hidden: tuple[str, ...]
    limits: Limits
    confined: bool
    seed: int | None  # None: go on from the template's random numbers
    key: bytes  # enciphers the orders that follow


class CellOrder(TypedDict):
    """To a submission's process: run a cell."""

    source: str
    name: str
    kind: str  # "given", "answer", "added" or "check"
    alone: bool
    watched: tuple[str, ...]
    token: str  # a secret of the two ends, which the answer repeats
    code: list[CodeType]  # of a check: its statements and its last expression
    # Of a check that is judged outside the student's process. There: the names whose values it
    # hands out. In the process that judges: these values, by handout.py.
    asks: tuple[str, ...] | None
    handed: bytes | None


class CellAnswer(TypedDict):
    """From a submission's process. What the host receives need not look like this: see results.py.

    After a check {"token": ..., "ended": exit status} follows, when the check's process is gone.
    """

    token: str
    well: bool
    score: float | None
    outputs: list[Output]
    seconds: float
    notes: list[str]


class HandOut(CellAnswer):
    """From a submission's process: the values that a check asks for."""

    handed: str  # by handout.py


# ---- how they are sent: a length of eight bytes, then the message --------------------


def send_order(sock: socket.socket, order: Mapping[str, Any]) -> None:
    """Send an order to a process that was forked for it."""
    data = pack(order)
    sock.sendall(length_prefix(data))
    sock.sendall(data)


def receive_order(sock: socket.socket) -> Any:
    """Return the order that comes on a socket. Raises ValueError if it ends too soon."""
    data = bytearray(int.from_bytes(read_exactly(sock.recv, 8), "big"))
    missing = memoryview(data)  # an order holds files: parts would be copied twice
    while missing:
        count = sock.recv_into(missing)
        if not count:
            raise ValueError("the order ended too soon")
        missing = missing[count:]
    return unpack(data)


def send_socket(sock: socket.socket, other: socket.socket) -> None:
    """Send a socket through another one."""
    socket.send_fds(sock, [b"."], [other.fileno()])


def receive_socket(sock: socket.socket) -> int:
    """Return the descriptor of the socket that `send_socket` has sent; IndexError for none."""
    _, descriptors, _, _ = socket.recv_fds(sock, 1, 1)
    return descriptors[0]


def send_answer(sock: socket.socket, answer: Mapping[str, Any]) -> None:
    """Send an answer as JSON."""
    data = json.dumps(answer).encode()
    sock.sendall(length_prefix(data) + data)


def receive_answer(sock: socket.socket) -> Any:
    """Return the next answer, None if the other end is closed.

    Raises ValueError for an answer that is no JSON or ends too soon.
    """
    first = sock.recv(1)
    if not first:
        return None
    prefix = first + read_exactly(sock.recv, 7)
    return json.loads(read_exactly(sock.recv, int.from_bytes(prefix, "big")))


def is_fit(name: str) -> bool:
    """Return whether this is the relative name of a file that can be written in any folder."""
    parts = name.split("/")
    if not name or "\0" in name or not {"", ".", ".."}.isdisjoint(parts):
        return False
    try:
        return len(name.encode()) <= LONGEST_NAME
    except UnicodeEncodeError:
        return False


def send_files(sock: socket.socket, files: Iterable[tuple[str, bytes | None]]) -> None:
    """Send files, (name, content), and in the end how many had no content and were left out."""
    left_out = 0
    for name, content in files:
        if content is None:
            left_out += 1
            continue
        raw = name.encode()
        sock.sendall(length_prefix(raw) + raw + length_prefix(content))
        sock.sendall(content)
    sock.sendall(length_prefix(b"") + left_out.to_bytes(8, "big"))


def receive_files(sock: socket.socket) -> tuple[dict[str, bytes], int]:
    """Return ({name: content}, how many were left out) of what `send_files` has sent.

    Raises ValueError where it ends too soon, holds more than is sent, or a name that is none.
    """

    def number() -> int:
        return int.from_bytes(read_exactly(sock.recv, 8), "big")

    files: dict[str, bytes] = {}
    left = WRITTEN_BYTES
    while length := number():
        if length > LONGEST_NAME or len(files) == WRITTEN_FILES:
            raise ValueError("more files, or a longer name, than are sent")
        name = read_exactly(sock.recv, length).decode()
        if not is_fit(name):
            raise ValueError("a name that no file of a folder has")
        size = number()
        left -= size
        if left < 0:
            raise ValueError("larger files than are sent")
        files[name] = read_exactly(sock.recv, size)
    return files, number()


def length_prefix(data: bytes) -> bytes:
    """Return the eight bytes that are sent before these data: their length."""
    return len(data).to_bytes(8, "big")


def read_exactly(read: Callable[[int], bytes], count: int) -> bytes:
    """Call `read(most)` until there are `count` bytes, and return them.

    Raises ValueError if the data end before that.
    """
    data = bytearray()
    while len(data) < count:
        part = read(min(count - len(data), 1 << 20))
        if not part:
            raise ValueError("the message ended too soon")
        data += part
    return bytes(data)


def pack(order: Mapping[str, Any]) -> bytes:
    """Return an order as bytes. marshal takes no NamedTuple, so these become plain tuples."""
    plain = dict(order)
    for name in TUPLES.keys() & plain:
        plain[name] = tuple(plain[name])
    return dumps(plain)


def unpack(data: bytes | bytearray) -> dict[str, Any]:
    """Return the order that `pack` has turned into these bytes."""
    order: dict[str, Any] = loads(data)
    for name, kind in TUPLES.items():
        if name in order:
            order[name] = kind(*order[name])
    return order


def seal(order: CellOrder, key: bytes, number: int) -> bytes:
    """Return the message that carries an order, the `number`-th to a submission's process."""
    data = encipher(pack(order), key, number)
    return length_prefix(data) + data


def unseal(data: bytes, key: bytes, number: int) -> Any:
    """Return the order in a message, given without its length."""
    return unpack(encipher(data, key, number))


def encipher(data: bytes, key: bytes, number: int) -> bytes:
    """Return the data XORed with a stream made from key and number. The same call deciphers it.

    The stream is SHAKE256 of both (FIPS 202), which cannot be computed without the key.
    """
    stream = shake_256(key + number.to_bytes(8, "big")).digest(len(data))
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(data), "big")
