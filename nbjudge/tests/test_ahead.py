"""The zygote that is started before the grading is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from classroom import LESSON, answered, hand_in
from nbjudge.coordinator import grade
from nbjudge.coursedir.results import record_of
from nbjudge.grading.ahead import may_need, zygote_of
from nbjudge.grading.options import DEFAULTS, Options
from nbjudge.sandbox.host.fork_server import ForkServer
from nbjudge.sandbox.host.zygote_process import AHEAD


@pytest.fixture
def started(monkeypatch):
    """The zygotes that fork servers start or take, in their order."""
    found = []
    start = ForkServer._start_zygote

    def noted(server):
        zygote = start(server)
        found.append(zygote.pid)
        return zygote

    monkeypatch.setattr(ForkServer, "_start_zygote", noted)
    return found


def is_there(pid):
    return Path(f"/proc/{pid}").exists()


def test_the_grading_uses_it_and_ends_it(course, started):
    hand_in(course, "ada", answered())
    with zygote_of(course, [LESSON], None, DEFAULTS):
        ahead = AHEAD.started
        assert is_there(ahead.pid)
        assert grade(course, [LESSON]).clean
    assert started == [ahead.pid]
    assert not is_there(ahead.pid)
    assert not Path(ahead.home).exists()


def test_one_with_other_packages_is_not_used(course, started, monkeypatch):
    hand_in(course, "ada", answered())
    monkeypatch.setattr("nbjudge.grading.ahead.common_packages", lambda _: ("colorsys",))
    with zygote_of(course, [LESSON], None, DEFAULTS):
        ahead = AHEAD.started
        assert grade(course, [LESSON]).clean
    assert len(started) == 1
    assert ahead.pid not in started
    assert not is_there(ahead.pid)


def test_it_ends_where_nothing_is_graded(course):
    hand_in(course, "ada", answered())
    with pytest.raises(KeyboardInterrupt), zygote_of(course, [LESSON], None, DEFAULTS):
        ahead = AHEAD.started
        raise KeyboardInterrupt
    assert not is_there(ahead.pid)
    assert not Path(ahead.home).exists()


@pytest.mark.parametrize(
    ("assignments", "students", "options"),
    [
        ([], None, DEFAULTS),
        (["no-such-lesson"], None, DEFAULTS),
        ([LESSON], ["grace"], DEFAULTS),
        ([LESSON], None, Options(kernel="python3", confined=False)),
        ([LESSON], None, Options(scheduler="tls://127.0.0.1:9")),
        ([LESSON], None, Options(workers=100)),
        ([LESSON], None, Options(execute=False)),
    ],
)
def test_none_is_started_where_no_cell_runs_in_this_process(course, assignments, students, options):
    hand_in(course, "ada", answered())
    assert may_need(course, [LESSON], None, DEFAULTS)
    assert not may_need(course, assignments, students, options)


def test_none_is_started_where_all_have_results(course):
    hand_in(course, "ada", answered())
    record = record_of(course, LESSON, "ada")
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    assert not may_need(course, [LESSON], None, DEFAULTS)
    assert may_need(course, [LESSON], None, Options(force=True))


@pytest.mark.parametrize(
    "text", ["[]", "no JSON", json.dumps({"cells": [{"metadata": {}, "source": ["import math"]}]})]
)
def test_a_source_that_cannot_be_read_is_left_to_the_grading(course, text):
    hand_in(course, "ada", answered())
    Path(course, "source", LESSON, f"{LESSON}.ipynb").write_text(text)
    with zygote_of(course, [LESSON], None, DEFAULTS):
        assert AHEAD.started is None


def test_cells_with_magics_and_solutions_are_read_as_the_grading_reads_them(course, started):
    cells = [
        new_code_cell("%matplotlib inline\nimport colorsys"),
        new_code_cell("  import wave"),
        new_code_cell("!ls\nimport heapq if"),
    ]
    cells[0].metadata = {}
    place = Path(course, "source", LESSON, f"{LESSON}.ipynb")
    notebook = json.loads(place.read_text())
    added = json.loads(json.dumps(new_notebook(cells=cells)))["cells"]
    notebook["cells"] = added + notebook["cells"]
    place.write_text(json.dumps(notebook))
    hand_in(course, "ada", answered())
    with zygote_of(course, [LESSON], None, DEFAULTS):
        ahead = AHEAD.started
        assert {"colorsys", "wave"} <= ahead.packages
        grade(course, [LESSON])
    assert started == [ahead.pid]


def test_nbgrader_is_not_imported_for_it():
    code = "import sys, nbjudge.grading.ahead; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"nbgrader", "nbformat", "IPython"} & set(run.stdout.split())
