"""The time that counts against a cell's limit.

All time counts while a cell's processes run or are blocked, as in `time.sleep`. Time in which they
could run and get no core does not count: a busy machine is not the student's fault.
"""

import time

from nbjudge.sandbox.host.process_table import used_and_waited

PATIENCE = 20  # times its limit may pass until a cell is given up that gets no core


class CellClock:
    """Measures one cell. `measure` must be called every now and then, and at the cell's start.

    `counted`: the seconds that count so far.
    """

    def __init__(self) -> None:
        self.counted = 0.0
        self.measured = self.started = time.monotonic()
        self.threads: dict[int, tuple[float, float]] = {}  # {tid: (seconds used, seconds waited)}

    def start(self, pids: list[int]) -> None:
        """Begin with processes that have run before."""
        self.measured = self.started = time.monotonic()
        self.threads = used_and_waited(pids)

    def passed(self) -> float:
        """Return the seconds since the start, whether they count or not."""
        return time.monotonic() - self.started

    def measure(self, pids: list[int]) -> float:
        """Count the time since the last measurement; return all that counts.

        `pids` are the cell's processes. Where several threads wait at once, their waiting may be
        longer than the time that has passed. So at least what the processes have used counts.
        """
        now = time.monotonic()
        passed = now - self.measured
        threads = used_and_waited(pids)
        used = waited = 0.0
        for tid, (use, wait) in threads.items():
            use_before, wait_before = self.threads.get(tid, (0.0, 0.0))
            used += use - use_before
            waited += wait - wait_before
        self.counted += max(min(used, passed), passed - waited)
        self.measured = now
        self.threads = threads
        return self.counted
