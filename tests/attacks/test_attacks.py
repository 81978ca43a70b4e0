"""The attack corpus, run for real: what each gets, what it leaves, and how the correct submission right after it fares.

Points are for `add` and `mean` of a tiny course, whose checks compare as careful teachers do. docs/attacks.md is the table of this.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from typing import NamedTuple
from unittest import mock

import nbformat
import psutil
import pytest

from nbjudge.coordinator import Options, grade
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import gradebook_url
from nbjudge.sandbox.wire import Limits
from tests import attacks
from tests.attacks import LESSON, corpus

CORPUS = corpus()
TIGHT = Limits(memory=1 << 30, disk=128 << 20, processes=24)


class Measured(NamedTuple):
    """How one attack and the submission after it came out."""

    points: tuple
    findings: list
    loot: bool
    says: str  # the table's words
    after: tuple  # points, outputs and findings of the correct submission that was graded next


def tree(*folders):
    """What lies in these folders, by content; not what grading writes."""
    written = ("autograded", ".grading", "gradebook.db")
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in written
        and path.suffix != ".pyc"
    }


def alive(mark):
    """Processes that were started, or forked, with `mark` in their environment, and the corpus's own lingering programs."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.pid == os.getpid()
                or process.status() == psutil.STATUS_ZOMBIE
                or "resource_tracker" in " ".join(process.cmdline())
            ):
                continue
            if mark in " ".join(process.environ().values()) or "lingering" in process.cmdline():
                found.append(process)
    return found


def outputs(root, learner):
    path = root / "autograded" / learner / LESSON / f"{LESSON}.ipynb"
    return nbformat.read(path, 4) if path.exists() else None


def points_of(table, learner):
    marks = table.get(learner) or {}
    return tuple(marks[f"check-{name}"].points for name in attacks.ANSWERS) if marks else None


def graded(folder, names=()):
    """Grade the corpus, each attack followed by a correct submission, all by one worker; return ({attack: Measured}, what
    was found outside: processes alive, files changed, rooms left, calls heard)."""
    root, home = folder / "course", folder / "home"
    attacks.make_course(root, home)
    rooms = folder / "rooms"
    rooms.mkdir()
    chosen = [attack for attack in CORPUS if not names or attack.name.startswith(tuple(names))]
    env = {
        "HOME": str(home),
        "GRADER_TOKEN": "LOOT",
        "TMPDIR": str(rooms),
        "PYTHONPATH": str(root / "package"),
    }
    with (
        attacks.listener() as (port, heard),
        mock.patch.dict(os.environ, env),
        mock.patch.object(sys, "path", [str(root / "package"), *sys.path]),
        mock.patch.object(tempfile, "tempdir", str(rooms)),
    ):
        places = {"@ROOT@": root, "@HOME@": home, "@PORT@": port}
        for attack in chosen:
            attacks.hand_in(root, attack.learner, attack, places)
            attacks.hand_in(root, f"{attack.learner}-next", None)
        before, rung, findings = tree(root, home), {}, []
        for honest, timeout, limits in ((True, 60, Limits()), (False, 2, TIGHT)):
            learners = [
                name
                for attack in chosen
                if attack.name.startswith("honest/") == honest
                for name in (attack.learner, f"{attack.learner}-next")
            ]

            def tell(done, total, learner, news):
                rung[learner] = len(heard)

            if learners:
                options = Options(workers=1, timeout=timeout, limits=limits)
                findings += grade(root, [LESSON], learners, options, tell).findings
        left = alive(str(root))
        for process in left:
            process.kill()
        outside = {
            "alive": [process.pid for process in left],
            "changed": set(before.items()) ^ set(tree(root, home).items()),
            "rooms": list(rooms.glob("nbjudge-*")),
            "heard": heard,
        }
        table = report.marks(root, LESSON, gradebook_url(root))
    measured = {}
    for attack in chosen:
        says = [finding.says for finding in findings if finding.student == attack.learner]
        notebook, correct = outputs(root, attack.learner), outputs(root, f"{attack.learner}-next")
        points = points_of(table, attack.learner)
        after = (
            points_of(table, f"{attack.learner}-next"),
            [cell.get("outputs") for cell in correct.cells] if correct else None,
            [finding.says for finding in findings if finding.student == f"{attack.learner}-next"],
        )
        text = attacks.outcome(points, notebook, flagged=bool(says))
        measured[attack.name] = Measured(points, says, "**" in text, text, after)
    return measured, outside


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return graded(tmp_path_factory.mktemp("attacks"))


@pytest.fixture(scope="module")
def measured(run):
    return run[0]


@pytest.mark.parametrize("attack", CORPUS, ids=[attack.name for attack in CORPUS])
def test_attack(measured, attack):
    found = measured[attack.name]
    assert found.points == attack.points, found.findings
    assert not found.loot
    if attack.finding == "none":
        assert found.findings == []
    else:
        assert attack.finding in " / ".join(found.findings)
    assert found.after == ((2, 2), measured["honest/everyday"].after[1], [])


def test_nothing_outside_was_touched_and_nothing_lives_on(run):
    assert not any(run[1].values()), run[1]


LIARS = {
    "equal to all": "class Liar:\n    __eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False",
    "an int": "class Liar(int):\n    __eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False",
    "C functions": "import operator\nclass Liar(int):\n    __eq__ = bool\n    __ne__ = operator.not_",
    "an int by __class__": "class Liar:\n    __class__ = int\n    __eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False",
    "metaclass": "class Kind(type):\n    __eq__ = lambda self, other: True\n    __hash__ = None\n    mro = lambda self: [int]\n"
    "class Liar(metaclass=type('Kind', (type,), {})):\n    __eq__ = lambda self, other: True",
    "tensor": "import torch\nclass Kind(torch.Tensor):\n    __torch_function__ = classmethod(lambda cls, *a, **k: False)\n"
    "Liar = lambda: torch.zeros(()).as_subclass(Kind)",
}


@pytest.mark.parametrize("liar", LIARS)
def test_the_lessons_own_checks_take_no_liars(liar):
    from course.checking.check import as_given
    from course.checking.misconception import Misconception
    from course.lessons.lesson00.checks import count_parameters

    space = {"__name__": "__main__"}
    exec(
        LIARS[liar]
        + "\n\ndef answer(model):\n    return Liar()\n\ndef pair(model):\n    return 1, [2], Liar()",
        space,
    )
    with pytest.raises(Misconception, match="wrong-result"):
        count_parameters(space["answer"])
    for answer in (space["answer"], space["pair"]):
        with pytest.raises(Misconception, match=r"decides\s+itself"):
            as_given(answer)(None)


def test_what_libraries_return_is_plain():
    import collections
    import fractions

    import numpy as np
    import torch

    from course.checking.check import plain

    class Net(torch.nn.Linear):
        """A class of one's own that is no value."""

    for value in (
        None,
        1,
        True,
        1.5,
        "x",
        np.float64(1),
        np.int64(1),
        np.zeros(2),
        torch.zeros(2),
        torch.nn.Parameter(torch.zeros(1)),
        torch.Size([1]),
        torch.zeros(2, 2).max(0),
        collections.Counter("x"),
        collections.OrderedDict(),
        collections.namedtuple("Pair", "x y")(1, 2),
        {1},
        [1],
        {"x": 1},
        fractions.Fraction(1, 2),
        Net(1, 1),
        torch.nn.utils.parametrizations.weight_norm(Net(1, 1)),
        torch.float32,
        Net,
        lambda: 1,
    ):
        assert plain(value) is value


def test_every_group_is_there():
    assert {attack.name.partition("/")[0] for attack in CORPUS} == set(attacks.GROUPS) and len(
        CORPUS
    ) >= 36


def test_the_table_is_what_was_measured(measured):
    rows = attacks.rows()
    assert list(rows) == [attack.name for attack in CORPUS]
    assert {name: row["ours"] for name, row in rows.items()} == {
        name: found.says for name, found in measured.items()
    }
    assert {name: row["tries"] for name, row in rows.items()} == {
        attack.name: attack.tries for attack in CORPUS
    }
    assert all(row["stock"] not in ("", "?") for row in rows.values())
