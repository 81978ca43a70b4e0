"""The corpus graded for real by nbjudge, each attack followed by a correct submission."""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import nbformat
import psutil
from nbformat import NotebookNode

from nbjudge.coordinator import grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.grading.options import Options
from nbjudge.sandbox.wire import Limits
from tests.attacks import Attack, corpus
from tests.attacks.course import ANSWERS, LESSON, hand_in, listener, make_course
from tests.attacks.table import outcome

TIGHT = Limits(memory=1 << 30, disk=128 << 20, processes=24)
WRITTEN = ("autograded", ".grading", "gradebook.db")  # by the grading itself
OF_TOOLS = (".ipython", "dask-scratch-space")  # by the grader's own libraries


class After(NamedTuple):
    """The correct submission that was graded right after an attack."""

    points: tuple[float, ...] | None
    outputs: list | None  # of its cells
    findings: list[str]


class Measured(NamedTuple):
    """How an attack came out."""

    points: tuple[float, ...] | None  # for `add` and `mean`; None where it was not graded
    findings: list[str]
    loot: bool
    says: str  # the table's words
    after: After


class Outside(NamedTuple):
    """What was found outside the sandbox when all had been graded; all must be empty."""

    alive: list[int]  # pids
    changed: set  # (path, digest) of files that are new, gone or not the same
    left: list[Path]  # in the folder for temporary files
    heard: list[bytes]


def tree(*folders: Path) -> dict[Path, str]:
    """{path: digest} of all files in these folders, but for what grading writes."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.relative_to(folder).parts[0] in WRITTEN or path.suffix == ".pyc":
                continue
            if path.is_file():
                found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def alive(mark: str) -> list[psutil.Process]:
    """Processes with `mark` in their environment, and the corpus's own lingering programs."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = process.cmdline()
            if "resource_tracker" in " ".join(command):  # Python's own
                continue
            if mark in " ".join(process.environ().values()) or "lingering" in command:
                found.append(process)
    return found


def chosen(names: Sequence[str]) -> list[Attack]:
    """The attacks whose names begin with one of these, or all if there are none."""
    return [attack for attack in corpus() if not names or attack.name.startswith(tuple(names))]


def autograded(root: Path, learner: str) -> NotebookNode | None:
    """A graded notebook, None where there is none."""
    path = root / "autograded" / learner / LESSON / f"{LESSON}.ipynb"
    return nbformat.read(path, 4) if path.exists() else None


@contextlib.contextmanager
def grader_of(root: Path, home: Path, temporary: Path) -> Iterator[None]:
    """The environment of the person who grades the tiny course."""
    package = str(root / "package")
    environment = {
        "HOME": str(home),
        "GRADER_TOKEN": "LOOT",
        "TMPDIR": str(temporary),
        "PYTHONPATH": package,
    }
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "path", [package, *sys.path]),
        mock.patch.object(tempfile, "tempdir", str(temporary)),
    ):
        yield


def grade_corpus(folder: Path, names: Sequence[str] = ()) -> tuple[dict[str, Measured], Outside]:
    """Grade the attacks, each followed by a correct submission, all by one worker.

    The honest ones have a minute a cell and ordinary limits, the others two seconds and tight ones.
    Returns {attack: Measured} and what was found outside.
    """
    root, home, temporary = folder / "course", folder / "home", folder / "temporary"
    make_course(root, home)
    temporary.mkdir()
    attacks = chosen(names)
    honest = [attack for attack in attacks if attack.group == "honest"]
    hostile = [attack for attack in attacks if attack.group != "honest"]
    with listener() as (port, heard), grader_of(root, home, temporary):
        places = {"@ROOT@": root, "@HOME@": home, "@PORT@": port}
        for attack in attacks:
            hand_in(root, attack.learner, attack, places)
            hand_in(root, f"{attack.learner}-next")
        before = tree(root, home)
        findings = grade_pairs(root, honest, Options(workers=1, timeout=60))
        options = Options(workers=1, timeout=2, limits=TIGHT)
        findings += grade_pairs(root, hostile, options)
        outside = look_outside(root, home, temporary, before, heard)
        table = report.marks(root, LESSON, gradebook_url(root))
    measured = {attack.name: measure(root, table, findings, attack) for attack in attacks}
    return measured, outside


def grade_pairs(root: Path, attacks: Sequence[Attack], options: Options) -> list:
    """Grade these attacks and the correct submissions after them; return the findings."""
    learners = []
    for attack in attacks:
        learners += [attack.learner, f"{attack.learner}-next"]
    return list(grade(root, [LESSON], learners, options).findings) if learners else []


def look_outside(
    root: Path, home: Path, temporary: Path, before: dict[Path, str], heard: list[bytes]
) -> Outside:
    """What the graded submissions have left; processes that are still alive are ended."""
    processes = alive(str(root))
    for process in processes:
        process.kill()
    return Outside(
        alive=[process.pid for process in processes],
        changed=set(before.items()) ^ set(tree(root, home).items()),
        left=[path for path in temporary.iterdir() if path.name not in OF_TOOLS],
        heard=heard,
    )


def measure(root: Path, table: dict, findings: list, attack: Attack) -> Measured:
    """How one attack came out, from the marks of all and the sentences for the instructor."""
    said = {attack.learner: [], f"{attack.learner}-next": []}
    for finding in findings:
        if finding.student in said:
            said[finding.student].append(finding.says)
    own, of_next = said.values()
    notebook = autograded(root, attack.learner)
    points = points_of(table, attack.learner)
    says = outcome(points, notebook, flagged=bool(own))
    correct = autograded(root, f"{attack.learner}-next")
    outputs = [cell.get("outputs") for cell in correct.cells] if correct else None
    after = After(points_of(table, f"{attack.learner}-next"), outputs, of_next)
    return Measured(points, own, "**" in says, says, after)


def points_of(table: dict, learner: str) -> tuple[float, ...] | None:
    """Points for `add` and `mean`; None where the submission was not graded."""
    marks = table.get(learner)
    return tuple(marks[f"check-{name}"].points for name in ANSWERS) if marks else None
