"""Threads that grade: an assignment is made ready while the one before is still graded."""

import pickle
import threading

import pytest

from nbjudge.errors import ProcessLost
from nbjudge.worker import threads as threads_module
from nbjudge.worker.threads import Task, Threads

WAIT = 10  # seconds


@pytest.mark.parametrize("problem", [None, ProcessLost("the zygote is gone")])
def test_the_next_assignment_is_made_ready_while_this_one_is_graded(monkeypatch, problem):
    ready = threading.Event()
    seen = []

    def make_ready(assignment):
        if assignment == "second":
            ready.set()
        if problem:
            raise problem

    def grade_submission(assignment, submission):
        if submission == "last of the first":
            seen.append(ready.wait(WAIT))
        return assignment, submission

    monkeypatch.setattr(threads_module, "make_ready", make_ready)
    monkeypatch.setattr(threads_module, "grade_submission", grade_submission)
    first, second = pickle.dumps("first"), pickle.dumps("second")
    handed_in = [(first, "one"), (first, "last of the first"), (second, "one")]
    tasks = [Task(number, *each) for number, each in enumerate(handed_in)]
    threads = Threads(1)
    ended = dict(pair for some in threads.run(tasks) for pair in some)
    threads.end()
    assert seen == [True]
    assert ended == {0: ("first", "one"), 1: ("first", "last of the first"), 2: ("second", "one")}
