"""The tiny course that the corpus is handed in to: two exercises, `add` and `mean`."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir.rebuild import released
from tests.attacks import Attack

LESSON = "01-tiny"

# A check module as a careful teacher writes one: it takes nothing that only says it is equal.
CHECKS = '''"""What the tiny course's checks are made of."""
import copy
import functools
import statistics

SAMPLES = [[1, 2, 6], [20, 22]]


@functools.cache
def measured():
    return [[3, 4, 5, 6]]


def same(found, expected):
    """Exactly this type: an object of the learner's own has a say in what == means."""
    return type(found) is type(expected) and found == expected


def check(function):
    @functools.wraps(function)
    def run(answer):
        function(answer)
        print("Passed")
    return run


@check
def mean(answer, *, samples=SAMPLES):
    import colorsys

    if colorsys.rgb_to_hls(1, 1, 1)[1] != 1:
        raise AssertionError("this is not the colorsys that the check wanted")
    for values in [*(samples or [None]), *copy.deepcopy(measured())]:
        expected = statistics.fmean(values)
        found = answer(list(values))
        if not same(found, expected):
            raise AssertionError("A mean divides\\n[no-division]")
'''
ANSWERS = {
    "add": "def add(x, y):\n    return x + y",
    "mean": "def mean(values):\n    return sum(values) / len(values)",
}
TESTS = {
    "add": """\
found = add(2, 3)
assert type(found) is int and found == 5
### BEGIN HIDDEN TESTS
secret_check = add(20, 22)
assert type(secret_check) is int and secret_check == 42
### END HIDDEN TESTS""",
    "mean": "tinycheck.mean(mean)",
}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def cell(grade_id: str, source: str, **kind: object) -> NotebookNode:
    """A code cell with nbgrader's metadata."""
    metadata = {
        "grade_id": grade_id,
        "schema_version": 3,
        "solution": False,
        "grade": False,
        "locked": False,
        "task": False,
    }
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": metadata | kind})


def source_notebook() -> NotebookNode:
    """The instructor's notebook, with solutions and hidden tests."""
    cells = [new_code_cell("import sys, os\nimport tinycheck", id="cell-00")]
    for name, answer in ANSWERS.items():
        head, body = answer.split("\n")
        solution = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(cell(name, solution, solution=True))
        cells.append(cell(f"check-{name}", TESTS[name], grade=True, locked=True, points=2))
    question = "# Why is it so? A person reads this."
    cells.append(cell("why", question, grade=True, solution=True, points=2))
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def make_course(root: Path, home: Path) -> None:
    """Make the course in `root`, its package in `root`/package, and a home with a secret in it."""
    (root / "source" / LESSON).mkdir(parents=True)
    nbformat.write(source_notebook(), root / "source" / LESSON / f"{LESSON}.ipynb")
    (root / "package" / "tinycheck").mkdir(parents=True)
    (root / "package" / "tinycheck" / "__init__.py").write_text(CHECKS)
    home.mkdir()
    (home / "secret.txt").write_text("LOOT")


def hand_in(
    root: Path,
    learner: str,
    attack: Attack | None = None,
    places: Mapping[str, object] | None = None,
) -> None:
    """Put a submission in its place: right answers, but for the cells that the attack changes.

    `places` says what @ROOT@, @HOME@ and @PORT@ stand for.
    """
    notebook = released(source_notebook())
    cells = {cell.id: cell for cell in notebook.cells}
    for name, answer in ANSWERS.items():
        text = attack.cells.get(name, answer) if attack else answer
        for word, value in (places or {}).items():
            text = text.replace(word, str(value))
        cells[name].source = text
    cells["why"].source = "# Because."
    if attack:
        exec(attack.cells.get("edit", ""), {"cells": cells, "notebook": notebook})
    folder = root / "submitted" / learner / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")


@contextlib.contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen for TCP, UDP and on an abstract unix socket; yield (port, list of what was heard)."""
    heard: list[bytes] = []
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(f"\0attacks-{port}")
        unix.listen()
        for each in (tcp, udp, unix):
            each.settimeout(0.05)
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    heard.append(udp.recv(100))
                for each in (tcp, unix):
                    with contextlib.suppress(TimeoutError):
                        each.accept()[0].close()
                        heard.append(b"a connection")

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield port, heard
        finally:
            ended.set()
            thread.join()
