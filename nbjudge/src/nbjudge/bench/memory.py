"""The memory that the workers of a grading use, with all processes below them."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbjudge.sandbox.host.process_table import parents

REST = 100  # times as long as a measurement of memory takes is the pause before the next: 1 % of it


class PeakMemory:
    """The most memory that one worker had at any time, together with all processes forked from it.

    It is the proportional set size (PSS, proc_pid_smaps(5)): a page that several processes share is
    divided among them, so that what forks share counts once.
    """

    peak = 0  # bytes

    @contextlib.contextmanager
    def watch(self, pid: int) -> Iterator[None]:
        """Measure what is below the process `pid` until the block ends."""
        done = threading.Event()
        thread = threading.Thread(target=self._measure, args=(pid, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _measure(self, pid: int, done: threading.Event) -> None:
        spent = 0.01  # seconds
        while not done.wait(REST * spent):
            started = time.thread_time()
            used = memory_by_worker(pid)
            self.peak = max([self.peak, *used.values()])
            spent = time.thread_time() - started


def memory_by_worker(coordinator: int) -> Counter[int]:
    """Return {pid of a child of the coordinator: bytes of it and of all processes below it}."""
    parent = parents()
    used: Counter[int] = Counter()
    for process in parent:
        child, above = process, parent.get(process)
        while above and above != coordinator:
            child, above = above, parent.get(above)
        if above == coordinator:
            used[child] += proportional_set_size(process)
    return used


def proportional_set_size(pid: int) -> int:
    """Return the bytes of a process's memory, from /proc/PID/smaps_rollup; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0
