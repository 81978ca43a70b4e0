"""Checks that are judged outside: their limits, and what happens when the judging process ends."""

import pytest

from nbjudge.job import Job, Step
from nbjudge.sandbox import wire
from nbjudge.sandbox.host import outside
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.sandbox.host.outside import plain_files, too_large

ANSWER = Step("answer", "x = 3", "answer")
KILLED_ONCE = """import os
if not os.path.exists({marker!r}):
    open({marker!r}, "w").close()
    os.kill(os.getpid(), 9)
x / 4"""


@pytest.fixture(scope="module")
def server():
    with ForkServer() as found:
        yield found


def judged(server, source, **job):
    """The result of a check with this source, which asks for `x`."""
    check = Step("check", source, "check", alone=True, uses=("x",), asks=("x",))
    return server.run(Job((ANSWER, check), {}, (), (), {}, **job))[-1]


def test_partial_credit_and_what_a_check_prints(server):
    result = judged(server, "print('seen', x)\nx / 4")
    assert (result.well, result.score) == (True, 0.75)
    assert result.outputs[0]["text"] == "seen 3\n"


def test_a_check_has_its_time_limit(server):
    result = judged(server, "while x:\n    pass", timeout=1)
    assert (result.well, result.end) == (False, "time")


def test_a_check_that_ends_its_process_is_no_kept_result(server):
    result = judged(server, "import os\nos._exit(0)")
    assert (result.well, result.end) == (False, "died")


def test_a_judging_process_that_is_killed_once_is_no_mark(server, tmp_path):
    source = KILLED_ONCE.format(marker=str(tmp_path / "killed"))
    result = judged(server, source, confined=False)
    assert (result.well, result.score, result.end) == (True, 0.75, "")


def test_a_check_is_not_sent_into_the_process_of_the_answers(server, monkeypatch):
    orders = []
    seal = wire.seal

    def sealed(order, key, number):
        orders.append(order)
        return seal(order, key, number)

    monkeypatch.setattr(wire, "seal", sealed)
    assert judged(server, "assert x == 3  # secret").well
    answer, asking, judging = orders
    assert answer["source"] == "x = 3"
    assert (asking["asks"], asking["source"], asking["code"]) == (("x",), "", [])
    assert judging["asks"] is None and judging["handed"] and "secret" in judging["source"]


def test_only_data_of_the_submissions_files_is_there():
    job = Job((), {"ours.py": b"", "data.csv": b"1"}, (), (), {"ours.py": b"", "data.csv": b"1"})
    written = {
        "ours.py": b"changed",
        "data.csv": b"changed",
        "torch.py": b"",
        "a/b.SO": b"",
        ".config/x": b"",
        "out.txt": b"2",
    }
    assert plain_files(job, written) == {"ours.py": b"", "data.csv": b"1", "out.txt": b"2"}


def test_values_beyond_the_bound_of_a_notebook_are_told(monkeypatch):
    monkeypatch.setattr(outside, "MOST_BYTES", 10)
    assert list(too_large({0: b"12345", 1: b"12345", 2: b"6"})) == [2]
