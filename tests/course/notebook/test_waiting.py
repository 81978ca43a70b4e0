"""A long cell shows how far it is."""

import time

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course.notebook import waiting


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(waiting, "SECONDS", 0.15)
    waiting.cells.clear()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def shown_by_a_call():
    """What is shown while something is followed for 0.1 seconds."""
    with capture_output() as captured:
        for _ in waiting.followed(range(2), "runs"):
            time.sleep(0.05)
    return [output.data for output in captured.outputs]


def test_several_quick_calls_make_a_slow_cell(shell):
    assert shown_by_a_call() == []
    assert shown_by_a_call()[-1] == {"text/plain": "2 of 2 runs"}
    shell.execution_count += 1
    assert shown_by_a_call() == [], "the next cell has just begun"


def test_calls_of_one_kind_share_a_line(shell, monkeypatch):
    monkeypatch.setattr(waiting, "SECONDS", -1)
    with capture_output() as captured:
        for _ in waiting.followed(range(2), "epochs"):
            assert len(list(waiting.followed(range(3), "batches"))) == 3
            assert len(list(waiting.followed(range(1), "images"))) == 1
    lines = [output.data["text/plain"] for output in captured.outputs if not output.update]
    assert lines == ["1 of 3 batches", "1 of 2 epochs"]
    assert captured.outputs[-1].data == {"text/plain": "2 of 2 epochs"}


def test_outside_a_notebook_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(waiting, "SECONDS", -1)
    assert shown_by_a_call() == []
