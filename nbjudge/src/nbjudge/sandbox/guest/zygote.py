"""The warm parent: a process that has imported what the lessons import, and forks.

    worker -- starts --> warm parent -- forks --> a lesson's start -- forks --> a submission's room

A lesson's start has run the given cells before the first answer; every submission goes on from there. Importing PyTorch takes
seconds, forking takes milliseconds. Nothing of a submission is ever in these two processes: they only fork.
"""

import contextlib
import ctypes
import gc
import json
import os
import random
import socket
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from nbjudge.sandbox import wire
from nbjudge.sandbox.guest import executor, namespaces, snapshot
from nbjudge.sandbox.guest import shell as shells

ENGINE = str(
    Path(__file__).resolve().parents[2]
)  # wherever it is installed, its code is at home in a sandbox
WORTH = 6  # rooms after which a start puts its memory into large pages again, each time: its cells, and each fork, take some apart


def main(descriptor, modules):
    """Serve forks on the socket that the worker has passed on, until it is closed."""
    namespaces.die_with_parent()
    with open(os.devnull, "r+b") as nothing:
        for standard in range(3):
            os.dup2(nothing.fileno(), standard)
    with one_stretch():
        shell = executor.started(modules)
    use_large_pages()
    executor.hide()
    serve(socket.socket(fileno=descriptor), lambda order, sock: begin(order, sock, shell))


def serve(sock, handle):
    """For each message, with a socket in it: fork, and let the child handle it there."""
    for number in count():
        if number and number % WORTH == 0:
            use_large_pages()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        order, answers = wire.asked(sock)
        if order is None:
            return
        gc.freeze()  # else the first collection in a child would touch, and so copy, all of our memory
        child = os.fork()
        if not child:
            try:
                namespaces.die_with_parent()
                sock.close()
                handle(order, answers)
            except BaseException as problem:
                with contextlib.suppress(OSError):
                    wire.send(answers, {"problem": f"{type(problem).__name__}: {problem}"})
            os._exit(0)
        answers.close()
        wire.send(sock, {"pid": child})


def begin(order, sock, shell):
    """A lesson's start: run its given cells in a folder with the lesson's own files, then fork a room per submission.

    `order`: {"cells": [sources], "imports": [modules], "files": {name: bytes}, "own": [packages], "seed": int}. Answers
    {"outputs": [[output]...], "seconds": [of each cell], "well": bool, "name": its folder}. A start that failed, or wrote files, is of no use, and says so.
    """
    base = tempfile.mkdtemp(prefix="course-start-")
    namespaces.place_files(base, order["files"])
    executor.import_all(order["imports"])
    snapshot.fill_caches(order["own"])
    executor.reseed(order["seed"])
    given, pages, seconds, well = {}, [], [], True
    for source in order["cells"]:
        started = time.perf_counter()
        passed, outputs = shell.run(source)
        well = well and passed
        pages.append(outputs)
        seconds.append(time.perf_counter() - started)
    given |= {
        name: value
        for name, value in shell.user_ns.items()
        if not name.startswith("_") and isinstance(value, snapshot.FIXED)
    }
    left = {
        os.path.relpath(os.path.join(place, name), base)
        for place, _, names in os.walk(base)
        for name in names
    }
    for name in left:
        os.unlink(os.path.join(base, name))
    put_back = snapshot.keeper({**shell.user_ns, "": shells}, order["own"])
    visible = sorted({*namespaces.visible_paths(sys.modules), ENGINE})
    numbers = random.getstate()
    wire.send(
        sock,
        {
            "outputs": pages,
            "seconds": seconds,
            "well": well and left == set(order["files"]),
            "name": base,
        },
    )
    serve(sock, lambda order, sock: enter(order, sock, shell, put_back, given, visible, numbers))


def enter(order, sock, shell, put_back, given, visible, numbers):
    """A submission: {"files", "base", "hidden", "limits", "confined", "seed" or None, "key"}. Go into its room and serve its cells."""
    limits = wire.Limits(*order["limits"])
    os.setsid()
    if order["confined"]:
        namespaces.enter(order["base"], visible, order["hidden"], order["files"], limits)
    else:
        namespaces.adopt_orphans()
        namespaces.place_files(order["base"], order["files"])
        namespaces.bound(limits)
    close_others(sock.fileno())
    random.setstate(numbers)  # Python seeds it anew in every fork
    if order["seed"] is not None:
        executor.reseed(order["seed"])
    wire.send(sock, {"ready": True})
    executor.work(sock, order["key"], shell, put_back, given, (*visible, "<frozen ", "<check "))


@contextlib.contextmanager
def one_stretch(megabytes=200):
    """What Python makes within the block lies side by side and not between the libraries that are loaded meanwhile, so that large pages hold it.

    Python asks for memory by the megabyte, and gives back where nothing is left: it gets all of it at once, with one object left in each.
    """
    smallest = (
        512  # bytes, of the largest objects for which Python asks in this way: Objects/obmalloc.c
    )
    pins = [bytes(smallest - 40) for _ in range(megabytes * (1 << 20) // smallest)][::1900]
    yield
    del pins


def use_large_pages():
    """Have the kernel put this process's memory into pages of 2 MB, where it can: madvise(2), MADV_COLLAPSE, since Linux 6.1.

    A fork copies the list of pages and its end takes the copy apart, so with 500 times fewer pages both take a third of the time
    (measured: 43 ms and 14 ms, with PyTorch and torchvision imported). It takes a second.
    """
    madvise, large, collapse = ctypes.CDLL(None).madvise, 1 << 21, 25
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, _, device, *_ = line.split()
        if rights == "rw-p" and device == "00:00":
            start, end = (int(number, 16) for number in span.split("-"))
            start, end = -(-start // large) * large, end // large * large
            if end > start:
                madvise(start, end - start, collapse)


def close_others(kept):
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
