"""What a grading would change, for `grade --what-if`: it grades a copy and writes nothing.

The gradebook is copied, the source's notebooks are made in a temporary folder, and neither
autograded/ nor the kept results are written. Kept results of earlier gradings are used, so only
what a change reaches runs. A later grading comes out as if there had been none.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from sqlalchemy.engine import make_url

from nbjudge.coordinator import Outcome, grade_course
from nbjudge.coursedir import hand_marks
from nbjudge.coursedir.failures import failures, words_of
from nbjudge.coursedir.report import Recorded, read_gradebook, short_name
from nbjudge.coursedir.settings import KEPT, Settings, with_gradebook
from nbjudge.errors import CourseError, SubmissionError
from nbjudge.grading.options import DEFAULTS, Options
from nbjudge.grading.progress import Tell
from nbjudge.grading.progress import tell_nobody as nobody
from nbjudge.grading.recording import Recorder, Sent
from nbjudge.temporary import temporary_folder
from nbjudge.worker import submission as worker

Key = tuple[str, str]  # (assignment, student)
Reasons = dict[Key, dict[str, dict[str, str]]]  # {key: {notebook: {grade_id: why it failed}}}


class CellChange(NamedTuple):
    """One exercise whose points would change; None: the exercise is not there."""

    exercise: str
    before: float | None
    after: float | None
    possible_before: float | None
    possible_after: float | None
    why: str  # it would fail, "" if it would not


class Change(NamedTuple):
    """What a grading would change for one learner; the points are after late penalties."""

    assignment: str
    student: str
    before: float | None  # None: not graded so far
    after: float
    possible_before: float
    possible_after: float
    penalty_before: float
    penalty_after: float
    to_mark: int  # exercises that would wait for a person, and do not now
    cells: list[CellChange]

    @property
    def gain(self) -> float:
        """How many points are gained; 0 for who is graded for the first time."""
        return 0 if self.before is None else round(self.after - self.before, 6)

    @property
    def is_one(self) -> bool:
        """Whether anything changes."""
        own = self.before is None or bool(self.gain) or bool(self.cells) or bool(self.to_mark)
        return own or self.penalty_before != self.penalty_after


class Trial(Recorder):
    """A recorder that writes only into the gradebook of its settings, which is a copy."""

    def __init__(self, *args: Any, reasons: Reasons, passed: set[Key]) -> None:
        super().__init__(*args)
        self.reasons = reasons
        self.passed = passed  # whose marks are in the copy

    def write_results(self, sent: Sent, result: worker.Graded) -> worker.Graded:
        if result.problem:
            return result
        try:
            result = self.finished(sent, result)
        except SubmissionError as reason:
            return self.ungraded(sent, str(reason), "", result.says)
        found = {}
        for name, text in result.notebooks.items():
            failed = failures(nbformat.v4.reads(text))
            found[name] = {grade_id: words_of(failure) for grade_id, failure in failed.items()}
        self.reasons[sent.assignment, sent.student] = found
        self.passed.add((sent.assignment, sent.student))
        self.cells += result.cells
        return result

    def keep_record(self, sent: Sent, record: str) -> None:
        """Keep nothing."""

    def keep_answers(self, who: Key, answers: hand_marks.Answers) -> None:
        """Keep nothing."""


def what_if(
    settings: Settings,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
    tell: Tell = nobody,
) -> tuple[Outcome, list[Change]]:
    """Return (what a grading would come to, what it would change for whom).

    The list has an entry for each submission that would be graded, also where nothing changes.
    The parameters and errors are those of `coordinator.grade_course`. Raises CourseError for a
    gradebook that is no SQLite file, because it cannot be copied.
    """
    reasons: Reasons = {}
    passed: set[Key] = set()
    with temporary_folder("what-if") as folder, without_new_folder(settings.root / KEPT):
        url = copied(settings.gradebook_url, Path(folder))
        other = with_gradebook(settings, url, Path(folder))
        before = {name: read_gradebook(url, name)[:2] for name in assignments}
        trial = partial(Trial, reasons=reasons, passed=passed)
        outcome = grade_course(other, assignments, students, options, tell, new_recorder=trial)
        after = {name: read_gradebook(url, name)[:2] for name in assignments}
    changes = []
    for assignment, student in sorted(passed):
        key = assignment, student
        changes.append(change_of(key, before[assignment], after[assignment], reasons[key]))
    return outcome, changes


@contextlib.contextmanager
def without_new_folder(folder: Path) -> Iterator[None]:
    """Remove a folder after the block if it was not there before."""
    was_there = folder.exists()
    try:
        yield
    finally:
        if not was_there:
            shutil.rmtree(folder, ignore_errors=True)


def copied(url: str, folder: Path) -> str:
    """Copy the gradebook into a folder and return the copy's URL; a missing one is made anew.

    Raises CourseError where it is no SQLite file.
    """
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database or parts.database == ":memory:":
        raise CourseError(
            f"--what-if grades a copy of the gradebook, and only an SQLite file can be copied; "
            f"this one is {parts.render_as_string()}: copy the course, with a gradebook of its "
            "own, and grade there"
        )
    source, target = Path(parts.database), folder / "gradebook.db"
    if source.exists():
        try:
            with (
                contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
                contextlib.closing(sqlite3.connect(target)) as new,
            ):
                old.backup(new)
        except sqlite3.Error as problem:
            raise CourseError(
                f"{source}: the gradebook cannot be copied ({problem}): close what else has it "
                "open, or see that it is an SQLite file"
            ) from problem
    return f"sqlite:///{target}"


# ---- comparing -----------------------------------------------------------------------------------

Marks = tuple[Recorded, dict[str, float]]  # what read_gradebook returns of marks and penalties
Rows = Mapping[str, Mapping[str, tuple[float, float, bool]]]


def change_of(
    key: Key, before: Marks, after: Marks, why: Mapping[str, Mapping[str, str]]
) -> Change:
    """Return what changes for one submission."""
    assignment, student = key
    old, new = before[0].get(student), after[0][student]
    lost = before[1].get(student, 0), after[1].get(student, 0)
    return Change(
        assignment=assignment,
        student=student,
        before=None if old is None else sum_of(old, lost[0]),
        after=sum_of(new, lost[1]),
        possible_before=possible_of(old or {}),
        possible_after=possible_of(new),
        penalty_before=lost[0],
        penalty_after=lost[1],
        to_mark=max(0, waiting_in(new) - waiting_in(old or {})),
        cells=[] if old is None else cell_changes(old, new, why),
    )


def sum_of(rows: Rows, penalty: float) -> float:
    """Return a learner's points after the late penalty, at least 0, as nbgrader exports them."""
    return max(0.0, sum(grade[0] for cells in rows.values() for grade in cells.values()) - penalty)


def possible_of(rows: Rows) -> float:
    """Return the points that a learner can get."""
    return sum(grade[1] for cells in rows.values() for grade in cells.values())


def waiting_in(rows: Rows) -> int:
    """Return how many exercises wait for a person."""
    return sum(grade[2] for cells in rows.values() for grade in cells.values())


def cell_changes(old: Rows, new: Rows, why: Mapping[str, Mapping[str, str]]) -> list[CellChange]:
    """Return the exercises whose points change, or that are new or gone."""
    found = []
    for notebook in sorted({*old, *new}):
        before, after = old.get(notebook, {}), new.get(notebook, {})
        for name in sorted({*before, *after}):
            was, is_now = before.get(name), after.get(name)
            if was and is_now and was[:2] == is_now[:2]:
                continue
            several = f"{notebook}/" if len({*old, *new}) > 1 else ""
            found.append(
                CellChange(
                    short_name(several + name),
                    was[0] if was else None,
                    is_now[0] if is_now else None,
                    was[1] if was else None,
                    is_now[1] if is_now else None,
                    why.get(notebook, {}).get(name, ""),
                )
            )
    return found
