"""The gradebook, written by one process alone, in nbgrader's tables and by nbgrader's rules.

Submissions that have ended together are written in one transaction, so after a crash each of them
is recorded completely or not at all.
"""

import ast
import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbgrader import api
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from nbjudge.coursedir.failures import no_numbers
from nbjudge.coursedir.hand_marks import answers_of
from nbjudge.coursedir.rebuild import is_nbgraders
from nbjudge.coursedir.settings import CONFIG, Settings
from nbjudge.errors import GradebookError, SettingsError


def newest_version() -> str:
    """Return the version of nbgrader's tables, as nbgrader's get_alembic_version does.

    That one calls the program `alembic`, which is not on PATH where nbgrader is installed in a
    user's own site, or in another place that only Python knows. The versions are read from the
    files of alembic's migrations, each of which names its own and the one that it replaces:
    importing alembic would take as long as grading four small submissions.
    """
    versions, replaced = set(), set()
    for path in Path(ALEMBIC_DIR, "versions").glob("*.py"):
        names = constants_of(path.read_text(encoding="utf-8"))
        versions.add(names["revision"])
        replaced.add(names["down_revision"])
    (newest,) = versions - replaced
    return str(newest)


def constants_of(text: str) -> dict[str, Any]:
    """Return {name: value} of the names that a module's own statements bind to a constant."""
    found = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = statement.value.value
    return found


api.get_alembic_version = newest_version
# Where a database fails, nbgrader raises an exception, and prints its traceback as well.
api.app_log.addHandler(logging.NullHandler())


class Marks(NamedTuple):
    """What is recorded of one executed notebook."""

    points: dict[str, float | None]  # {grade_id: points, None where a person has to give them}
    comments: dict[str, str | None]  # {grade_id: nbgrader's comment}
    answers: dict[str, str]  # {grade_id: digest of what the points are for}
    no_numbers: tuple[str, ...] = ()  # checks whose last value looks like points and is no number


class GradedSubmission(NamedTuple):
    """What is recorded of one submission."""

    assignment: str
    student: str
    timestamp: datetime | None  # when it was handed in
    marks: Mapping[str, Marks]  # {notebook: its marks}; a notebook not handed in gets 0
    unchanged: Mapping[str, set[str]]  # {notebook: grade_ids of answers that are as before}
    chosen: Collection[str]  # the notebooks that were to be graded; the marks of others stay


NOTHING = Marks({}, {}, {})  # of a notebook that was not handed in


# A check that is empty, or has the tag of cells to skip, raises nothing, so nbgrader gives its
# points. The instructor decides that: a check's text and tags never come from a submission.
NOT_RUN = (True, None)


class NotebookRows(NamedTuple):
    """What the gradebook holds of one notebook of an assignment."""

    id: str
    name: str
    graded: list[str]  # ids of the cells that have a grade
    commented: list[str]  # ids of the cells that have a comment


class AssignmentRows(NamedTuple):
    """What the gradebook holds of an assignment."""

    id: str
    duedate: datetime | None
    notebooks: list[NotebookRows]
    names: dict[str, str]  # {id of a cell: its grade_id}


class GradebookWriter:
    """An open gradebook; use it in a `with` block."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.late = late_penalties(settings)
        self.assignments: dict[str, AssignmentRows] = {}
        self.students: set[str] = set()  # those that the gradebook is known to hold

    def __enter__(self) -> "GradebookWriter":
        self.gradebook = Gradebook(self.settings.gradebook_url, self.settings.course_id)
        session = self.gradebook.db()
        session.expire_on_commit = False  # otherwise each submission would query the cells again
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    def checksums_of(self, assignment: str, notebook: str) -> dict[str, str]:
        """Return {grade_id: checksum of the cell as it was given out}."""
        cells = self.gradebook.find_notebook(notebook, assignment).source_cells
        return {cell.name: cell.checksum for cell in cells}

    def knows(self, student: str) -> bool:
        """Return whether the gradebook has this student."""
        return self.gradebook.db.query(Student.id).filter_by(id=student).first() is not None

    def record(self, submissions: list[GradedSubmission]) -> None:
        """Write the marks of submissions; if an exception is raised, none is written.

        Marks and comments given by hand stay. A cell with a mark given by hand is flagged "needs
        manual grade", as nbgrader does, unless neither the answer nor its automatic points have
        changed.
        """
        with one_transaction(self.gradebook.db), self.gradebook.db.no_autoflush:
            for submission in submissions:
                self._record_one(submission)

    def _record_one(self, submission: GradedSubmission) -> None:
        assignment, student, timestamp, marks, unchanged, chosen = submission
        if student not in self.students:
            name_by_id(self.gradebook.update_or_create_student(student))
            self.students.add(student)
        rows = self._rows_of(assignment)
        key = {"assignment_id": rows.id, "student_id": student}
        query = self.gradebook.db.query(SubmittedAssignment.id)
        there = query.filter_by(**key).first()
        if not there:
            self._add(rows, key | {"id": new_uuid(), "timestamp": timestamp}, marks, chosen)
        if there or (timestamp and rows.duedate):  # the penalty for being late needs a look
            changes = {"timestamp": timestamp} if timestamp else {}
            entry = self.gradebook.update_or_create_submission(assignment, student, **changes)
            self._change(rows, entry, marks, unchanged, chosen)

    def _rows_of(self, assignment: str) -> AssignmentRows:
        """Return the rows of an assignment, read from the database once."""
        if assignment not in self.assignments:
            entry = self.gradebook.find_assignment(assignment)
            notebooks = []
            names: dict[str, str] = {}
            for notebook in entry.notebooks:
                graded = [*notebook.grade_cells, *notebook.task_cells]
                commented = [*notebook.solution_cells, *notebook.task_cells]
                names |= {cell.id: cell.name for cell in graded + commented}
                ids = [cell.id for cell in graded], [cell.id for cell in commented]
                notebooks.append(NotebookRows(notebook.id, notebook.name, *ids))
            rows = AssignmentRows(entry.id, entry.duedate, notebooks, names)
            self.assignments[assignment] = rows
        return self.assignments[assignment]

    def _add(
        self,
        rows: AssignmentRows,
        submission: dict[str, Any],
        marks: Mapping[str, Marks],
        chosen: Collection[str],
    ) -> None:
        """Add a submission: the rows of nbgrader's add_submission, one statement for each table."""
        notebooks = []
        grades = []
        comments = []
        for notebook in rows.notebooks:
            own = new_uuid()
            points, remarks, *_ = marks.get(notebook.name, NOTHING)
            notebooks.append(
                {"id": own, "notebook_id": notebook.id, "assignment_id": submission["id"]}
            )
            for cell in notebook.graded:
                not_yet = None if notebook.name not in chosen else 0
                score = points.get(rows.names[cell], not_yet)
                by_hand = score is None
                grade = {"auto_score": score, "needs_manual_grade": by_hand}
                grades.append({"notebook_id": own, "cell_id": cell, **grade})
            for cell in notebook.commented:
                remark = remarks.get(rows.names[cell])
                comments.append({"notebook_id": own, "cell_id": cell, "auto_comment": remark})
        for table, entries in (
            (SubmittedAssignment, [submission]),
            (SubmittedNotebook, notebooks),
            (Grade, grades),
            (Comment, comments),
        ):
            if entries:
                self.gradebook.db.execute(insert(table), entries)

    def _change(
        self,
        rows: AssignmentRows,
        submission: SubmittedAssignment,
        marks: Mapping[str, Marks],
        unchanged: Mapping[str, set[str]],
        chosen: Collection[str],
    ) -> None:
        """Change the marks of a submission that is there, and the penalty for being late."""
        for entry in submission.notebooks:
            if entry.name not in chosen:
                continue
            points, remarks, *_ = marks.get(entry.name, NOTHING)
            for grade in entry.grades:
                name = rows.names[grade.cell_id]
                before = grade.auto_score
                grade.auto_score = points.get(name, 0)
                by_hand = grade.manual_score is not None or grade.auto_score is None
                as_before = before == grade.auto_score and name in unchanged.get(entry.name, ())
                if not (by_hand and as_before):
                    grade.needs_manual_grade = name in points and by_hand
            for comment in entry.comments:
                name = rows.names[comment.cell_id]
                if name in remarks:
                    comment.auto_comment = remarks[name]
        self.gradebook.db.flush()
        for entry in submission.notebooks:
            if entry.name in marks:
                entry.late_submission_penalty = self._penalty(submission, entry)

    def _penalty(self, submission: SubmittedAssignment, entry: SubmittedNotebook) -> float | None:
        seconds = submission.total_seconds_late
        if seconds <= 0:
            return None
        self.gradebook.db.refresh(entry)  # its score is a sum that the database makes
        plugin = self.late.plugin_inst
        try:
            with self.settings.working_folder.entered():
                penalty = plugin.late_submission_penalty(
                    submission.student_id, entry.score, seconds
                )
                return None if penalty is None else self.late._check_late_penalty(entry, penalty)
        except Exception as error:  # the plugin is the course's own code
            raise SettingsError(
                f"{type(plugin).__name__}, the plugin for late submissions, failed for "
                f"{submission.student_id} ({type(error).__name__}: {error}): correct it, then run "
                "the same command again"
            ) from error


def name_by_id(student: Student) -> None:
    """Use a student's id as the last name where no name is known.

    Otherwise the formgrader lists everybody as "None, None". Names that are imported later, with
    `nbgrader db student import`, replace it.
    """
    if student.first_name is None and student.last_name is None:
        student.last_name, student.first_name = student.id, ""


def late_penalties(settings: Settings) -> AssignLatePenalties:
    """Return nbgrader's step for late submissions, with the course's plugin.

    Raises SettingsError where the plugin cannot be imported or made.
    """
    try:
        with settings.working_folder.entered():
            late = AssignLatePenalties(config=settings.config)
            late.init_plugin()
            return late
    except Exception as error:  # the plugin is the course's own code
        wanted = settings.config.AssignLatePenalties.get("plugin_class", "")
        raise SettingsError(
            f"{settings.root / CONFIG}: c.AssignLatePenalties.plugin_class {wanted!r} cannot be "
            f"used ({type(error).__name__}: {error}): correct it"
        ) from error


@contextlib.contextmanager
def told_what_to_do(settings: Settings) -> Iterator[None]:
    """Turn a database that cannot be used into a GradebookError that says what to do."""
    try:
        yield
    except (DBAPIError, InvalidEntry) as problem:  # nbgrader wraps the first in the second
        said = str(getattr(problem, "orig", problem)).strip()
        raise GradebookError(
            f"the gradebook cannot be used ({said}): close what else has it open, see that there "
            f"is room and that {settings.gradebook_url} may be written; what is graded so far is "
            "kept; run the same command again, it goes on from there"
        ) from problem


class OneTransaction(Gradebook):
    """nbgrader's gradebook for a `with` block, whose changes are one transaction.

    nbgrader's SaveCells commits each cell by itself, and SQLite waits for the disk each time: one
    lesson took most of a second.
    """

    def __enter__(self) -> "OneTransaction":
        self.block = contextlib.ExitStack()
        self.block.enter_context(one_transaction(self.db()))
        return self

    def __exit__(self, *raised: Any) -> None:
        try:
            self.block.__exit__(*raised)
        finally:
            self.close()


@contextlib.contextmanager
def one_transaction(session: Any) -> Iterator[None]:
    """Make one commit, at the end, in place of those that nbgrader's methods make."""
    session.commit = session.flush
    try:
        yield
        del session.commit
        session.commit()
    except BaseException:
        vars(session).pop("commit", None)
        session.rollback()
        raise


def marks_of(
    notebook: NotebookNode,
    verdicts: Mapping[str, tuple[bool, float | None]],
    checksums: Mapping[str, str],
) -> Marks:
    """Return the Marks of an executed notebook.

    `verdicts` are {grade_id of a check: (whether it passed, partial credit or None)}, `checksums`
    {grade_id: checksum of the cell as it was given out}.
    """
    points: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    for cell in notebook.cells:
        if not is_nbgraders(cell):
            continue
        name = cell.metadata.nbgrader.grade_id
        by_hand = is_solution(cell) or is_task(cell)
        if by_hand:
            unanswered = checksums.get(name) == compute_checksum(cell) and not is_task(cell)
            comments[name] = "No response." if unanswered else None
        if by_hand or cell.cell_type != "code":
            points[name] = points_by_hand(cell, checksums)
        else:
            most = float(cell.metadata.nbgrader.get("points", 0))
            points[name] = points_of_check(*verdicts.get(name, NOT_RUN), most)
    return Marks(points, comments, answers_of(notebook), no_numbers(notebook, verdicts))


def points_by_hand(cell: NotebookNode, checksums: Mapping[str, str]) -> float | None:
    """Return what nbgrader gives a cell that a person marks: 0 where it is as it was given out."""
    if not is_grade(cell):
        return None
    name = cell.metadata.nbgrader.grade_id
    if name in checksums:
        cell.metadata.nbgrader["checksum"] = checksums[name]
    return determine_grade(cell)[0]


def points_of_check(
    passed: bool,
    partial: float | None,
    most: float,
) -> float:
    """Return the points of a check that can give `most`."""
    if not passed:
        return 0
    return most if partial is None else min(partial, most)
