"""Grade a large class, and measure what that takes.

    python nbjudge/tests/load.py 200 2000

For each size: the seconds of a first and of a second grading, and the most memory and descriptors
that the coordinator held. What it holds must not grow with the class.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from classroom import answered, hand_in, make_course
from faults import NO_DIVISION, command


class Measured(NamedTuple):
    """What one grading took."""

    seconds: float
    memory: int  # bytes, at most
    descriptors: int  # at most


def make_class(root: Path, students: int) -> None:
    """A tiny course with so many submissions, no two of them equal; every third is wrong."""
    make_course(root)
    for number in range(students):
        answers = {"add": f"def add(x, y):\n    return x + y  # number {number}"}
        if number % 3 == 2:
            answers["mean"] = NO_DIVISION
        hand_in(root, f"learner-{number:04d}", answered(**answers))


def measure(root: Path) -> Measured:
    """Grade the class in two threads and watch the coordinator."""
    started = time.monotonic()
    memory = descriptors = 0
    with subprocess.Popen(command(root), stdout=subprocess.DEVNULL) as grading:
        coordinator = psutil.Process(grading.pid)
        while grading.poll() is None:
            try:
                memory = max(memory, coordinator.memory_info().rss)
                descriptors = max(descriptors, coordinator.num_fds())
            except psutil.Error:
                break
            time.sleep(0.1)
    assert grading.returncode == 0
    return Measured(time.monotonic() - started, memory, descriptors)


def grade_twice(students: int) -> tuple[Measured, Measured]:
    """Grade a class of this size, and once more with nothing to do."""
    with tempfile.TemporaryDirectory(prefix="nbjudge-load-") as folder:
        root = Path(folder)
        make_class(root, students)
        return measure(root), measure(root)


def main() -> None:
    """Run from the command line."""
    for size in map(int, sys.argv[1:]):
        for name, found in zip(("first", "second"), grade_twice(size), strict=True):
            print(
                f"{size:,} submissions, {name} grading: {found.seconds:.1f} s, "
                f"{found.memory / 1e6:.0f} MB, {found.descriptors} descriptors",
                flush=True,
            )


if __name__ == "__main__":
    main()
