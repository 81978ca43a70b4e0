"""The attack corpus: submissions that try to get what is not theirs. GROUP/NAME.py is one of them.

A file's first line says what it tries. Lines that may follow, before the first cell:

    # points: 0 2         what it must get for `add` and `mean`; this is also what it gets where the line is missing
    # finding: words      a sentence for the instructor must hold these words; `none`: there must be no sentence at all
    # stock: not run: ... why stock nbgrader, which confines nothing, is not tried with it

Then come cells: `# %% add` and `# %% mean` are answers, and `# %% edit` is code that changes the notebook as handed in. An attack
prints LOOT when it got at something. @ROOT@, @HOME@ and @PORT@ stand for the course's folder, the home of the one who grades, and
a port on which somebody listens.
"""

import contextlib
import re
import socket
import threading
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from nbjudge.coursedir.rebuild import released

CORPUS = Path(__file__).parent
TABLE = CORPUS.parent.parent / "docs" / "attacks.md"
LESSON = "01-tiny"
GROUPS = {
    "cheat": "points for nothing",
    "look": "reading what is not theirs",
    "write": "changing what is not theirs",
    "network": "calling outside",
    "exhaust": "taking everything",
    "break": "stopping the grading",
    "linger": "staying for the next",
    "honest": "no attack at all",
}

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
    "add": "found = add(2, 3)\nassert type(found) is int and found == 5\n### BEGIN HIDDEN TESTS\nsecret_check = add(20, 22)\n"
    "assert type(secret_check) is int and secret_check == 42\n### END HIDDEN TESTS",
    "mean": "tinycheck.mean(mean)",
}


class Attack(NamedTuple):
    name: str  # GROUP/NAME
    tries: str
    points: tuple
    finding: str
    stock: str
    cells: dict

    @property
    def learner(self):
        return self.name.replace("/", "-")


def read(path):
    head, *cells = re.split(r"^# %% (\w+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    first, *more = [line.removeprefix("# ") for line in head.strip().split("\n")]
    said = dict(line.split(": ", 1) for line in more)
    points = tuple(int(word) for word in said.get("points", "0 2").split())
    return Attack(
        f"{path.parent.name}/{path.stem}",
        first,
        points,
        said.get("finding", ""),
        said.get("stock", ""),
        dict(zip(cells[::2], cells[1::2], strict=True)),
    )


def corpus():
    order = list(GROUPS)
    return sorted(
        (read(path) for path in CORPUS.glob("*/*.py")),
        key=lambda attack: (order.index(attack.name.partition("/")[0]), attack.name),
    )


def cell(grade_id, source, **kind):
    fixed = {
        "grade_id": grade_id,
        "schema_version": 3,
        "solution": False,
        "grade": False,
        "locked": False,
        "task": False,
    }
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": fixed | kind})


def source_notebook():
    cells = [new_code_cell("import sys, os\nimport tinycheck", id="cell-00")]
    for name, answer in ANSWERS.items():
        head, body = answer.split("\n")
        cells += [
            cell(
                name, f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION", solution=True
            ),
            cell(f"check-{name}", TESTS[name], grade=True, locked=True, points=2),
        ]
    cells.append(
        cell("why", "# Why is it so? A person reads this.", grade=True, solution=True, points=2)
    )
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )


def make_course(root, home):
    """The tiny course in `root`, its package in `root`/package, and a home with a secret in it."""
    (root / "source" / LESSON).mkdir(parents=True)
    nbformat.write(source_notebook(), root / "source" / LESSON / f"{LESSON}.ipynb")
    (root / "package" / "tinycheck").mkdir(parents=True)
    (root / "package" / "tinycheck" / "__init__.py").write_text(CHECKS)
    home.mkdir()
    (home / "secret.txt").write_text("LOOT")


def hand_in(root, learner, attack=None, places=()):
    """Put a submission in its place: the right answers, those cells changed that the attack changes."""
    notebook = released(source_notebook())
    cells = {cell.id: cell for cell in notebook.cells}
    for name, answer in ANSWERS.items():
        text = attack.cells.get(name, answer) if attack else answer
        for word, value in dict(places).items():
            text = text.replace(word, str(value))
        cells[name].source = text
    cells["why"].source = "# Because."
    if attack:
        exec(attack.cells.get("edit", ""), {"cells": cells, "notebook": notebook})
    folder = root / "submitted" / learner / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")


@contextlib.contextmanager
def listener():
    """Listen for TCP, UDP and on an abstract unix socket; yield (port, list of what was heard)."""
    heard, sockets = [], []
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(f"\0attacks-{port}")
        unix.listen()
        sockets += [tcp, udp, unix]
        ended = threading.Event()

        def listen():
            for each in sockets:
                each.settimeout(0.05)
            while not ended.is_set():
                for each in sockets:
                    with contextlib.suppress(TimeoutError):
                        heard.append(
                            each.recv(100)
                            if each is udp
                            else each.accept()[0].close() or b"a connection"
                        )

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield port, heard
        finally:
            ended.set()
            thread.join()


def outcome(points, notebook, heard=False, flagged=False):
    """What the table says of a graded submission: points for `add` and `mean`, what it got at, whether it was noticed."""
    loot = any(
        "LOOT" in output.get("text", "")
        for cell in (notebook.cells if notebook else [])
        for output in cell.get("outputs", [])
    )
    words = ["not graded" if points is None else f"{points[0]:g} + {points[1]:g}"]
    return ", ".join(words + ["**got in**"] * bool(loot or heard) + ["flagged"] * flagged)


# ---- the table -------------------------------------------------------------------------------------------------------------

ROW = re.compile(r"^\| `(?P<name>[\w/-]+)` \| (?P<tries>.*) \| (?P<stock>.*) \| (?P<ours>.*) \|$")


def rows():
    """{attack: {"tries", "stock", "ours"}} as the table has them."""
    return {
        found["name"]: found.groupdict()
        for line in TABLE.read_text(encoding="utf-8").split("\n")
        if (found := ROW.match(line))
    }


def write_table(**columns):
    """Write the table anew with these columns, {attack: outcome}; what is not given stays as it is."""
    old = rows() if TABLE.exists() else {}
    text = (
        TABLE.read_text(encoding="utf-8").partition("\n## ")[0].rstrip() + "\n"
        if TABLE.exists()
        else "# Attacks\n"
    )
    for group, meaning in GROUPS.items():
        text += f"\n## {group.capitalize()}: {meaning}\n\n| Attack | What it tries | Stock nbgrader | Here |\n| --- | --- | --- | --- |\n"
        for attack in corpus():
            if attack.name.startswith(f"{group}/"):
                stock, ours = (
                    columns.get(column, {}).get(attack.name)
                    or old.get(attack.name, {}).get(column, "?")
                    for column in ("stock", "ours")
                )
                text += f"| `{attack.name}` | {attack.tries} | {stock} | {ours} |\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")
