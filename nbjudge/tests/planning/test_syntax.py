"""Python's parser, as the engine uses it."""

import subprocess
import sys

import pytest

from nbjudge.planning import syntax
from nbjudge.planning.syntax import as_python, cell_tree, is_python, tree_of

PARSE_AT_ONCE = """
import gc, sys, threading, time
from nbjudge.planning.syntax import parse

text = "def f():\\n    return [x for x in (1, 2, 3) if x]\\n" * 10
problems = []

def read():
    for _ in range(100):
        try:
            parse(text)
        except SystemError as problem:
            problems.append(problem)

# the parser makes objects, so Python may collect garbage in it, and let the other thread run
gc.callbacks.append(lambda *_: time.sleep(1e-5))
gc.set_threshold(10)
threads = [threading.Thread(target=read) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gc.callbacks.clear()
sys.exit(str(problems) if problems else 0)
"""


def test_a_worker_may_read_many_submissions_at_once():
    done = subprocess.run([sys.executable, "-c", PARSE_AT_ONCE], capture_output=True, text=True)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("text", ["def f(:", "x = 1\0", "-" * 200_000 + "1"])
def test_what_no_parser_reads_is_not_python_and_stops_nobody(text):
    assert not is_python(text)
    assert tree_of(text).body == []


def test_an_indented_cell_runs_but_is_no_answer_of_its_own():
    half = "    return y"
    assert cell_tree(half) is None
    assert as_python(half) == "return y\n"  # as IPython runs it


def test_magics_are_python():
    assert is_python("%time\nx = 1") and not is_python("%time\nx =")


def test_a_cell_too_long_for_a_syntax_tree_is_not_parsed():
    text = "x = 1\n" * 200_000
    assert as_python(text) == "" and not is_python(text)
    assert as_python(text[:600]) == text[:600] and is_python(text[:600])


def test_a_line_that_an_early_python_312_would_copy_for_each_token_is_not_parsed(monkeypatch):
    monkeypatch.setattr(syntax, "COPIES_LINES", True)
    assert not is_python("-" * 30_000 + "1 if x else 2")
    assert is_python(f"picture = '{'a' * 900_000}'") and is_python("x = [1, 2]\n" * 2_000)
