"""Running submissions' cells: a pure function of the job, so that its result can be kept and used again.

`Pool` holds a worker's warm parent and the lessons' starts; `Pool.run(job)` drives one submission in a room of its own. Many
threads may call it at once.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from nbjudge.job import Done
from nbjudge.sandbox import wire
from nbjudge.sandbox.host.session import DEADLY, Lost, Room, ended

STARTS = 2  # lessons whose starts are kept while nobody uses them
# for malloc, GNU libc manual, 3.2.3: large pages, and all of it in one stretch that is kept. Where much memory comes and goes, cells take a fifth less time
LARGE_PAGES = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=2147483648:glibc.malloc.trim_threshold=4294967296"
}
RESTARTS = 5  # cells that may take the whole notebook with them before the rest is given up


class Forker:
    """A process that forks: the warm parent, or a lesson's start."""

    def __init__(self, pid, sock):
        self.pid, self.sock, self.lock = pid, sock, threading.Lock()
        self.lost, self.users, self.said = False, 0, None

    def fork(self, order):
        """Return (pid of the fork, socket to it). Raises Lost where this process is gone."""
        ours, theirs = socket.socketpair()
        with self.lock, theirs, contextlib.suppress(OSError, ValueError):
            wire.ask(self.sock, order, theirs.fileno())
            if said := wire.receive(self.sock):
                return said["pid"], ours
        ours.close()
        self.lost = True
        raise Lost("the process that forks is gone")

    def ready(self, seconds):
        """What a lesson's start says when it has run its cells; it has this long for that."""
        with self.lock:
            if self.said is None:
                self.sock.settimeout(seconds)
                try:
                    self.said = wire.receive(self.sock)
                    self.lost = self.said is None
                except (OSError, ValueError) as problem:
                    self.lost = not isinstance(problem, TimeoutError)
                self.sock.settimeout(None)
                if not self.said or "problem" in self.said:
                    self.said = {"well": False, "outputs": [], "name": ""}
            return self.said

    def end(self):
        self.sock.close()
        if not self.lost:  # else its number may be another's by now
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self.said and self.said["name"]:
            shutil.rmtree(self.said["name"], ignore_errors=True)


class Pool:
    """A warm parent and what is forked from it. Close it, or leave the `with` block, and all its processes are gone."""

    def __init__(self):
        self.process = self.parent = None
        self.packages, self.starts, self.over = set(), {}, False
        self.idle = threading.Condition()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.over = True
        self._end()

    def _end(self):
        with self.idle:
            for start in self.starts.values():
                start.end()
            self.starts = {}
            if self.process:
                self.process.kill()
                self.process.wait()
                self.parent.sock.close()
            self.process = None

    def warm(self, packages):
        """See that there is a warm parent with these packages: start it anew where it is gone or lacks one. It imports packages and none
        of their parts, and nothing of the instructor's: a lesson that does not use a package does not notice that it is there."""
        with self.idle:
            self.over = False
            self._warm(set(packages))

    def _warm(self, packages):
        if self.process and self.process.poll() is None and not self.parent.lost:
            if packages <= self.packages:
                return
            self.idle.wait_for(lambda: not any(start.users for start in self.starts.values()))
        if self.over:
            raise Lost("the grading has ended")
        self._end()
        self.packages |= packages
        sock, theirs = socket.socketpair()
        places = os.pathsep.join(dict.fromkeys(path for path in sys.path if path))
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "nbjudge.sandbox.guest.zygote",
                str(theirs.fileno()),
                json.dumps(sorted(self.packages)),
            ],
            pass_fds=[theirs.fileno()],
            env=wire.PLAIN | LARGE_PAGES | {"PYTHONPATH": places, "HOME": tempfile.gettempdir()},
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self.parent = Forker(self.process.pid, sock)

    @contextlib.contextmanager
    def _start(self, job, prefix):
        """The lesson's start after the given cells in `prefix`, for the time of the block."""
        key = (prefix, job.imports, tuple(sorted(job.start_files.items())), job.seed)
        with self.idle:
            self._warm(set(job.packages))
            start = self.starts.pop(key, None)
            if start and start.lost:
                start.end()
                start = None
            if start is None:
                for other in [other for other, kept in self.starts.items() if not kept.users][
                    : max(0, len(self.starts) + 1 - STARTS)
                ]:
                    self.starts.pop(other).end()
                start = Forker(
                    *self.parent.fork(
                        {
                            "cells": prefix,
                            "imports": job.imports,
                            "files": job.start_files,
                            "own": job.own,
                            "seed": job.seed,
                        }
                    )
                )
            self.starts[key] = start
            start.users += 1
        try:
            start.ready(job.timeout * (len(prefix) + 1))
            yield start
        finally:
            with self.idle:
                start.users -= 1
                self.idle.notify_all()

    def run(self, job):
        """Run the job's steps; return a Done for each. Raises wire.NoRoom and Lost."""
        for attempt in range(3):
            try:
                return self._run(job)
            except (
                Lost,
                OSError,
                ValueError,
            ) as problem:  # a process of ours was killed, perhaps for want of memory
                if isinstance(problem, wire.NoRoom) or attempt == 2:
                    raise

    def _run(self, job):
        for prefix in dict.fromkeys(
            (shared_prefix(job), ())
        ):  # where the given cells fail by themselves, each room runs them
            with self._start(job, prefix) as start:
                if start.said["well"]:
                    return run_from(start, job, prefix)
        start.lost = True
        raise Lost("an empty notebook does not start")


POOL = Pool()  # of this worker's process, for as long as it lives


def warm_up(packages):
    """On a worker: let the warm parent import while the worker itself still does."""
    POOL.warm(packages)


def cool_down():
    """End the warm parent and all that is forked from it; what still runs there is lost."""
    POOL.close()


def run_from(start, job, prefix):
    spent = start.said.pop("seconds", None) or [0] * len(
        prefix
    )  # by whoever had the cells run; for all others they cost nothing
    done = {
        place: Done(True, None, page, spent[place], [])
        for place, page in enumerate(start.said["outputs"])
    }
    ends = time.monotonic() + job.total
    for _ in range(
        RESTARTS
    ):  # a cell that takes the notebook's process with it is left out when the rest runs again
        with Room(start, job, None if prefix else job.seed) as room:
            for place, step in enumerate(job.steps):
                if place < len(prefix) or (
                    place in done and (step.alone or done[place].end in DEADLY)
                ):
                    continue
                done[place] = room.step(step, min(job.timeout, ends - time.monotonic()))
                if room.over or time.monotonic() > ends:
                    break
        if not room.over or time.monotonic() > ends:
            break
    given_up = ended("given up", job.timeout, 0)
    return [done.get(place, given_up) for place in range(len(job.steps))]


def shared_prefix(job):
    """Sources of the given cells before anything of the learner's; () where the learner's files differ from the lesson's."""
    if job.files != job.start_files:
        return ()
    sources = []
    for step in job.steps:
        if step.kind != "given":
            break
        sources.append(step.source)
    return tuple(sources)
