"""Submissions on threads of this process, for which nothing has to be started."""

import contextlib
import itertools
import pickle
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from nbjudge.coursedir.submissions import Submission
from nbjudge.errors import ProcessLost
from nbjudge.worker.submission import (
    Assignment,
    Graded,
    Prepared,
    grade_submission,
    make_ready,
)

# Seconds for which a thread may keep the interpreter while another one waits for it (the GIL). With
# Python's own 5 ms, a sandbox that has answered waits that long for its next cell, again and again,
# while another submission is read.
SWITCH_SECONDS = 0.0005


class Task(NamedTuple):
    """A submission for a worker."""

    name: Any  # the caller's own name for it, which comes back with the result
    assignment: bytes  # an Assignment as a pickle
    submission: Submission | Prepared


class Threads:
    """Threads that grade submissions, as many as `count`.

    One more makes the template processes of an assignment ready, while the others still grade the
    submissions to the one before. Otherwise all of them would wait for it. The checks of the last
    submission are shared among as many processes as there are threads, because the others have
    nothing left to do.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.pool = ThreadPoolExecutor(count, "nbjudge-worker")
        self.ahead = ThreadPoolExecutor(1, "nbjudge-ahead")
        self.assignments: dict[bytes, Assignment] = {}  # {pickle: what it holds}
        self.last: Task | None = None  # known when no other task has come
        sys.setswitchinterval(SWITCH_SECONDS)

    def run(self, tasks: Iterable[Task]) -> Iterator[list[tuple[Any, Graded | BaseException]]]:
        """Yield lists of (name, what came of it) of tasks that have ended together.

        If a task has failed, its exception takes the place of its Graded. Two tasks for each thread
        are taken ahead, so a class of a thousand is never in memory at once.
        """
        waiting = iter(tasks)
        running: dict[Future[Graded], Any] = {}
        latest = None
        while True:
            missing = 2 * self.count - len(running)
            for task in itertools.islice(waiting, missing):
                missing -= 1
                latest = task
                self._meet(task.assignment)
                running[self.pool.submit(self._grade, task)] = task.name
            self.last = latest if missing else None
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            yield [(running.pop(future), future.exception() or future.result()) for future in ended]

    def end(self) -> None:
        """Wait for the tasks that run, and drop those that have not begun."""
        self.ahead.shutdown(cancel_futures=True)
        self.pool.shutdown(cancel_futures=True)

    def _meet(self, pickled: bytes) -> None:
        """Read an assignment that comes for the first time, and have it made ready."""
        if pickled not in self.assignments:
            self.assignments[pickled] = pickle.loads(pickled)
            self.ahead.submit(self._make_ready, self.assignments[pickled])

    def _make_ready(self, assignment: Assignment) -> None:
        with contextlib.suppress(ProcessLost, OSError, ValueError):
            make_ready(assignment)  # if it fails, it fails again for a submission, which says so

    def _grade(self, task: Task) -> Graded:
        processes = self.count if task is self.last else 1
        return grade_submission(self.assignments[task.assignment], task.submission, processes)
