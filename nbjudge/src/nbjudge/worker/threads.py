"""Submissions on threads of this process, for which nothing has to be started."""

import itertools
import pickle
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from nbjudge.coursedir.submissions import Submission
from nbjudge.worker.submission import Assignment, Graded, Prepared, grade_submission


class Task(NamedTuple):
    """A submission for a worker."""

    name: Any  # the caller's own name for it, which comes back with the result
    assignment: bytes  # an Assignment as a pickle
    submission: Submission | Prepared


class Threads:
    """Threads that grade submissions, as many as `count`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.pool = ThreadPoolExecutor(count, "nbjudge-worker")
        self.assignments: dict[bytes, Assignment] = {}  # {pickle: what it holds}

    def run(self, tasks: Iterable[Task]) -> Iterator[list[tuple[Any, Graded | BaseException]]]:
        """Yield lists of (name, what came of it) of tasks that have ended together.

        If a task has failed, its exception takes the place of its Graded. Two tasks for each thread
        are taken ahead, so a class of a thousand is never in memory at once.
        """
        waiting = iter(tasks)
        running: dict[Future[Graded], Any] = {}
        while True:
            for task in itertools.islice(waiting, 2 * self.count - len(running)):
                running[self.pool.submit(self._grade, task)] = task.name
            if not running:
                return
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            yield [(running.pop(future), future.exception() or future.result()) for future in ended]

    def end(self) -> None:
        """Wait for the tasks that run, and drop those that have not begun."""
        self.pool.shutdown(cancel_futures=True)

    def _grade(self, task: Task) -> Graded:
        assignment = self.assignments.get(task.assignment)
        if assignment is None:
            assignment = self.assignments[task.assignment] = pickle.loads(task.assignment)
        return grade_submission(assignment, task.submission)
