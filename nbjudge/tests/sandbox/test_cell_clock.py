"""A cell's limit counts what the cell does, not what others do on the same machine."""

import os
import subprocess
import sys
import time

import pytest

from nbjudge.errors import MachineBusy
from nbjudge.job import Job, Step
from nbjudge.sandbox.host import session
from nbjudge.sandbox.host.fork_server import ForkServer

SPIN = (
    "import time\nstarted = time.process_time()\nwhile time.process_time() < started + {}:\n    0\n"
)
WHILE_A_CHILD_SPINS = (
    "import subprocess, sys\n"
    "spin = 'import time\\nwhile time.process_time() < 0.7: 0'\n"
    "assert subprocess.call([sys.executable, '-c', spin]) == 0\n"
)


@pytest.fixture
def neighbours():
    """Ten processes for each core that never stop computing."""
    command = [sys.executable, "-c", "while True: 0"]
    others = [subprocess.Popen(command) for _ in range(10 * len(os.sched_getaffinity(0)))]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.fixture(scope="module")
def server():
    with ForkServer() as server:
        server.warm_up([])
        yield server


def ends_of(server, *sources, timeout=1.5):
    """How cells end that each have `timeout` seconds."""
    steps = []
    for number, source in enumerate(sources):
        kind = "check" if source.startswith("#") else "answer"
        steps.append(Step(f"cell-{number}", source, kind, kind == "check"))
    return server.run(Job(tuple(steps), {}, (), (), {}, timeout=timeout, total=10 * timeout))


def test_busy_neighbours_cost_no_cell_its_time(server, neighbours):
    started = time.monotonic()
    results = ends_of(server, SPIN.format(0.8), f"# check\n{SPIN.format(0.8)}", WHILE_A_CHILD_SPINS)
    assert [result.end for result in results] == ["", "", ""]
    assert all(result.well for result in results)
    assert time.monotonic() - started > 5, "the neighbours took no time: this shows nothing"


def test_an_endless_loop_ends_beside_busy_neighbours(server, neighbours):
    (result,) = ends_of(server, "while True:\n    0", timeout=0.3)
    assert result.end.startswith("time")


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(10**6)",
        "while True:\n    0",
        "import os, time\nif os.fork() == 0:\n    while True:\n        0\ntime.sleep(10**6)",
        "import threading\nfor _ in range(8):\n    threading.Thread(target=lambda: "
        "all(iter(int, 1))).start()\nwhile True:\n    0",
    ],
)
def test_waiting_and_computing_both_count(server, source):
    started = time.monotonic()
    (result,) = ends_of(server, source)
    assert result.end.startswith("time")
    assert time.monotonic() - started < 15


def test_where_a_cell_gets_no_core_nobody_judges_it(server, monkeypatch):
    monkeypatch.setattr(session, "PATIENCE", 0.1)
    monkeypatch.setattr(session.CellClock, "measure", lambda clock, pids: clock.counted)
    with pytest.raises(MachineBusy, match=r"the cell `cell-0` got 0 of its 0\.2 s"):
        ends_of(server, "while True:\n    0", timeout=0.2)
