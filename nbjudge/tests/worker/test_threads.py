"""Threads that grade: an assignment is made ready while the one before is still graded."""

import pickle
import threading
import time

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

    def grade_submission(assignment, submission, processes):
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


def test_the_checks_of_the_last_submission_are_shared(monkeypatch):
    shared = {}
    threads = Threads(2)

    def grade_submission(assignment, submission, processes):
        given_up = time.monotonic() + WAIT
        while submission == 3 and not threads.last and time.monotonic() < given_up:
            time.sleep(0.01)  # until no other task has come
        shared[submission] = processes

    monkeypatch.setattr(threads_module, "make_ready", lambda assignment: None)
    monkeypatch.setattr(threads_module, "grade_submission", grade_submission)
    tasks = [Task(number, pickle.dumps("lesson"), number) for number in range(6)]
    results = [result for some in threads.run(tasks) for _, result in some]
    threads.end()
    assert results == [None] * 6
    assert shared == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2}
