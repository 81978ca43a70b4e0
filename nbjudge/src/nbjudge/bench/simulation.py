"""A large class on many workers, simulated from the submissions that a benchmark has recorded."""

import heapq
import random
from collections.abc import Sequence
from typing import NamedTuple

from nbjudge.bench.records import Duration


class Load(NamedTuple):
    """What a simulated class takes."""

    seconds: float
    workers_busy: float  # share of the time, from 0 to 1
    coordinator_busy: float


def simulate(
    taken: Sequence[Duration], coordinator: dict[str, float], workers: int, students: int = 1000
) -> Load:
    """Return what a class of `students` takes, in as many assignments as were recorded.

    Submissions are drawn from those `taken`, and handed out by the same rule as to real workers:
    two for each worker are under way. `coordinator` is what time_coordinator returns; half of a
    submission's time is spent on reading it and half on recording it.
    """
    half = coordinator["submission_ms"] / 2000
    clock = busy = 0.0
    free_at = [0.0] * workers  # a heap: when each worker has done what it was given
    ends: list[float] = []  # a heap: when the submissions under way are done
    work = draw_work(taken, coordinator, students)
    waiting = list(reversed(work))
    while waiting or ends:
        if waiting and len(ends) < 2 * workers:
            once, seconds = waiting.pop()
            clock += once + half
            busy += once + half
            end = max(clock, heapq.heappop(free_at)) + seconds
            heapq.heappush(free_at, end)
            heapq.heappush(ends, end)
        else:
            clock = max(clock, heapq.heappop(ends)) + half
            busy += half
    worked = sum(seconds for _, seconds in work)
    return Load(clock, worked / (workers * clock), busy / clock)


def draw_work(
    taken: Sequence[Duration], coordinator: dict[str, float], students: int
) -> list[tuple[float, float]]:
    """Return [(coordinator's seconds for a new assignment, worker's seconds)], in grading order."""
    draw = random.Random(0)
    recorded: dict[str, list[float]] = {}
    for each in taken:
        recorded.setdefault(each.assignment, []).append(each.worker_s)
    work = []
    for assignment in sorted(recorded):
        once = coordinator["lesson_ms"] / 1000
        for _ in range(students):
            work.append((once, draw.choice(recorded[assignment])))
            once = 0.0
    return work


def saturating_workers(taken: Sequence[Duration], coordinator: dict[str, float]) -> int:
    """Return how many workers one coordinator can keep busy with a large class."""
    mean = sum(each.worker_s for each in taken) / len(taken)
    return int(mean / (coordinator["submission_ms"] / 1000))
