"""What the class made of an assignment: points by exercise, and why answers failed.

As data and as texts; terminal.py prints it, and the package `reporting` makes a page of it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_solution

from nbjudge.coursedir.failures import (
    UNANSWERED,
    Failed,
    Failure,
    failed_in,
    message_of,
    printed_by_checks,
    words_of,
)
from nbjudge.coursedir.results import read_record
from nbjudge.coursedir.settings import folders_of
from nbjudge.coursedir.stopped_cells import is_check, name_of
from nbjudge.coursedir.submissions import Finding, students_of
from nbjudge.errors import CourseError
from nbjudge.sandbox.output import CUT


class Mark(NamedTuple):
    """What a student got for an exercise."""

    points: float
    possible: float
    to_do: bool  # waits for a person's mark
    failure: Failure | None
    answer: str = ""  # text of the answer cell before a check that failed
    said: str = ""  # what a failed check said below its title, or what a passed one printed
    seconds: float | None = None  # that the answer and its check took; None: it is not recorded


Table = dict[str, dict[str, Mark]]  # {student: {exercise: Mark}}


class Class(NamedTuple):
    """What a class got for an assignment."""

    table: Table
    penalties: dict[str, float]  # {student: points lost for being late}, of those who lost some
    due: datetime | None = None  # the assignment's deadline in UTC


def oddities(notebook: NotebookNode) -> list[str]:
    """Return sentences on cells that were stopped or cut."""
    findings = []
    lost = False  # whether it is told that the process was gone
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            is_lost = output.get("ename") == "DeadKernelError" and "before" in output.evalue
            sentence = "" if is_lost and lost else oddity(name_of(cell), output)
            lost = lost or is_lost
            if sentence:
                findings.append(sentence)
    return findings


def oddity(name: str, output: NotebookNode) -> str:
    """Return the sentence on one output of the cell `name`, "" if there is nothing to say."""
    ename = output.ename if output.output_type == "error" else ""
    if ename == "CellTimeoutError":
        seconds = re.search(r"stopped after ([\d.]+ s)", output.evalue)
        after = f" after {seconds[1]}" if seconds else ""
        return (
            f"the cell `{name}` was stopped{after} and counts as failed: "
            "look for an endless loop, or allow more time with c.Execute.timeout"
        )
    if ename == "DeadKernelError":
        return (
            f"the cell `{name}` counts as failed, {message_of(output).partition(':')[0]}: "
            "the rest is graded, look at it by hand"
        )
    displayed = output.get("data", {}).get("text/plain", "")
    if CUT in str(output.get("text", "")) + str(displayed):
        return (
            f"the output of the cell `{name}` was very long and is cut: it is graded, nothing to do"
        )
    return ""


def read_autograded(root: Path, assignment: str, student: str) -> dict[str, NotebookNode]:
    """Return {name: executed notebook}, {} if nothing could be graded.

    Raises CourseError for a file that is no notebook any more.
    """
    folder = folders_of(root).autograded(student, assignment)
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found[path.stem] = nbformat.v4.reads(path.read_text(encoding="utf-8"))
            list(map(name_of, found[path.stem].cells))
        except (OSError, ValueError, AttributeError, KeyError, TypeError) as problem:
            raise CourseError(
                f"{path}: this graded notebook cannot be read ({type(problem).__name__}: "
                f"{problem}): grade it again, with `nbjudge grade {assignment} --learner {student}`"
            ) from problem
    return found


def marks(root: Path, assignment: str, gradebook: str) -> Table:
    """Return all marks of an assignment; the row of a student who could not be graded is {}.

    `gradebook` is the gradebook's database URL. An exercise has the name of its check's grade_id;
    in an assignment of several notebooks, notebook/grade_id. The exercises of a notebook that was
    not handed in are there, too, because their points count.
    """
    return read_class(root, assignment, gradebook).table


class Looked(NamedTuple):
    """What is kept of one executed notebook."""

    cells: list[str]  # names in order
    failed: dict[str, Failed]
    printed: dict[str, str]  # {grade_id of a check: what it printed}
    seconds: dict[str, float]  # {grade_id of a check: how long it and its answer cell ran}


def looked_at(root: Path, assignment: str, student: str) -> dict[str, Looked]:
    """Return {name: Looked} of a student's executed notebooks, {} if nothing could be graded."""
    seconds = seconds_of(read_record(root, assignment, student))
    found = {}
    for name, notebook in read_autograded(root, assignment, student).items():
        cells = list(map(name_of, notebook.cells))
        printed = printed_by_checks(notebook)
        times = times_of(notebook, seconds.get(name, {}))
        found[name] = Looked(cells, failed_in(notebook), printed, times)
    return found


def times_of(notebook: NotebookNode, seconds: Mapping[str, float]) -> dict[str, float]:
    """Return {grade_id of a check: seconds of the check and of the answer cells before it}.

    `seconds`: {cell: how long it ran}. An answer cell counts for the first check after it.
    """
    found = {}
    answers = 0.0  # of the answer cells since the last check
    for cell in notebook.cells:
        own = seconds.get(name_of(cell))
        if own is not None and is_check(cell):
            found[name_of(cell)] = answers + own
            answers = 0.0
        elif own is not None and is_solution(cell):
            answers += own
    return found


def seconds_of(record: str) -> dict[str, dict[str, float]]:
    """Return {notebook: {cell: seconds}} of a submission's record, {} where it says none."""
    found: dict[str, dict[str, float]] = {}
    try:
        for name, notebook in json.loads(record)["notebooks"].items():
            found[name] = {cell["name"]: float(cell["seconds"]) for cell in notebook["cells"]}
    except (ValueError, KeyError, TypeError, AttributeError):  # there is none, or it is damaged
        return {}
    return found


def read_class(root: Path, assignment: str, gradebook: str) -> Class:
    """Return marks and penalties of an assignment; `gradebook` as for `marks`."""
    table: Table = {student: {} for student in students_of(folders_of(root), assignment)}
    executed = {student: looked_at(root, assignment, student) for student in table}
    if not any(executed.values()):  # nobody is graded, and there may be no gradebook
        return Class(table, {})
    recorded, penalties, due, blank = read_gradebook(gradebook, assignment)
    orders = orders_of(recorded, executed.values())
    for student, notebooks in executed.items():
        rows = recorded.get(student, {}) if notebooks else {}
        for name, order in orders.items():
            grades = rows.get(name, {})
            for grade_id in order:
                if grade_id in grades:
                    exercise = f"{name}/{grade_id}" if len(orders) > 1 else grade_id
                    mark = mark_of(grades[grade_id], notebooks.get(name), grade_id)
                    if mark.failure is None and (student, name, grade_id) in blank:
                        mark = mark._replace(failure=NOT_ANSWERED)
                    table[student][exercise] = mark
    late = {student: penalties.get(student, 0) for student, row in table.items() if row}
    lost = {student: penalty for student, penalty in late.items() if penalty}
    return Class(table, lost, due)


def mark_of(grade: tuple[float, float, bool], notebook: Looked | None, grade_id: str) -> Mark:
    """Return the mark of one exercise; `notebook` None: it was not handed in."""
    if notebook is None:
        return Mark(*grade, NOT_ANSWERED)
    seconds = notebook.seconds.get(grade_id)
    if grade_id in notebook.failed:
        return Mark(*grade, *notebook.failed[grade_id], seconds)
    return Mark(*grade, None, "", notebook.printed.get(grade_id, ""), seconds)


NOT_ANSWERED = Failure(UNANSWERED, "")
NO_RESPONSE = "No response."  # nbgrader's comment on an answer cell that is as it was given out

# {student: {notebook: {grade_id: (points, possible points, whether a person has to mark it)}}}
Recorded = dict[str, dict[str, dict[str, tuple[float, float, bool]]]]


class Book(NamedTuple):
    """What the gradebook holds of an assignment."""

    recorded: Recorded
    penalties: dict[str, float]  # {student: points lost for being late}
    due: datetime | None
    blank: set[tuple[str, str, str]]  # (student, notebook, grade_id) of answers without a word


def read_gradebook(url: str, assignment: str, only: str = "") -> Book:
    """Return what the gradebook holds of an assignment; `only`: of this student."""
    from nbgrader.api import (
        Assignment,
        BaseCell,
        Comment,
        Grade,
        Gradebook,
        Notebook,
        SubmittedAssignment,
        SubmittedNotebook,
    )

    recorded: Recorded = {}
    penalties: dict[str, float] = {}
    with Gradebook(url) as book:
        notebooks = (
            book.db.query(SubmittedNotebook)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .filter(Assignment.name == assignment)
        )
        student = SubmittedAssignment.student_id
        if only:
            notebooks = notebooks.filter(student == only)
        rows = notebooks.with_entities(
            student, Notebook.name, SubmittedNotebook.late_submission_penalty
        )
        for who, name, penalty in rows:
            recorded.setdefault(who, {})[name] = {}
            penalties[who] = penalties.get(who, 0) + (penalty or 0)
        grades = (
            notebooks.join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .with_entities(
                student,
                Notebook.name,
                BaseCell.name,
                Grade.score,
                Grade.max_score,
                Grade.needs_manual_grade,
            )
        )
        for who, name, grade_id, *grade in grades:
            recorded[who][name][grade_id] = tuple(grade)
        comments = (
            notebooks.join(Comment, Comment.notebook_id == SubmittedNotebook.id)
            .join(BaseCell, BaseCell.id == Comment.cell_id)
            .filter(Comment.auto_comment == NO_RESPONSE)
        )
        blank = {
            tuple(row) for row in comments.with_entities(student, Notebook.name, BaseCell.name)
        }
        due = book.db.query(Assignment.duedate).filter(Assignment.name == assignment).scalar()
    return Book(recorded, penalties, due, blank)


def orders_of(recorded: Recorded, classes: Iterable[Mapping[str, Looked]]) -> dict[str, list[str]]:
    """Return {notebook: its grade_ids in order}, from the first student who has handed it in."""
    orders: dict[str, list[str]] = {}
    for rows in recorded.values():
        for name, grades in rows.items():
            orders.setdefault(name, sorted(grades))
    seen: set[str] = set()
    for notebooks in classes:
        for name in orders.keys() & notebooks.keys() - seen:
            orders[name] = notebooks[name].cells
            seen.add(name)
    return dict(sorted(orders.items()))


class Wrong(NamedTuple):
    """What several students' answers have in common."""

    code: str  # of a misconception, or the exception's name
    exercise: str  # "" for a misconception, which several exercises can show
    says: str
    students: int


NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def misconceptions(table: Table) -> list[Wrong]:
    """Return what was wrong with how many students' answers, most frequent first.

    A misconception counts by its code. Other failures count by exercise and message, in which
    numbers do not tell two apart: they are what this student's answer returned.
    """
    students = defaultdict(set)
    says: dict[tuple[str, str, str], str] = {}
    for student, row in table.items():
        for exercise, mark in row.items():
            failure = mark.failure
            if failure is None or failure.reason == UNANSWERED:
                continue
            words = words_of(failure)
            key = (failure.reason, "", "")
            if failure.source:
                key = (failure.reason, short_name(exercise), NUMBER.sub("#", words))
            students[key].add(student)
            says.setdefault(key, words)
    found = []
    for key in sorted(students):
        code, exercise, _ = key
        found.append(Wrong(code, exercise, says[key], len(students[key])))
    return sorted(found, key=lambda each: -each.students)


def grouped(findings: Iterable[Finding]) -> list[str]:
    """Return findings as texts; those that say the same of several students are one text."""
    groups: dict[tuple[str, str, bool], list[Finding]] = {}
    for finding in findings:
        who = "" if finding.student else finding.file
        groups.setdefault((finding.says, who, finding.blocks), []).append(finding)
    texts = []
    for (says, _, _), group in groups.items():
        students = sorted({finding.student for finding in group})
        if len(students) < 2:
            texts += list(dict.fromkeys(map(str, group)))
            continue
        named = ", ".join(students[:NAMED])
        more = f" and {len(students) - NAMED} more" if len(students) > NAMED else ""
        texts.append(f"{len(students)} students ({named}{more}): {says}.")
    return texts


NAMED = 5  # students of a group of findings


# ---- as texts ------------------------------------------------------------------------------------


def short_name(exercise: str) -> str:
    """Return an exercise's name without the `check-` before it."""
    notebook, slash, grade_id = exercise.rpartition("/")
    return notebook + slash + grade_id.removeprefix("check-")


def lines(about: Class) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table as texts: student, points by exercise, sum."""
    exercises = exercises_of(about.table)
    late = ["late"] if about.penalties else []
    header = ["student", *map(short_name, exercises), *late, "points"]
    body = []
    for student, row in about.table.items():
        by_exercise = [points(row.get(name)) for name in exercises]
        body.append([student, *by_exercise, *late_and_total(about, student)])
    return header, body


def exercises_of(table: Table) -> list[str]:
    """Return all exercises of a table in order, each once."""
    found: dict[str, None] = {}
    for row in table.values():
        found |= dict.fromkeys(row)
    return list(found)


def points(mark: Mark | None) -> str:
    """Return a mark as text, "" if the exercise is not answered."""
    if mark is None:
        return ""
    if mark.to_do:
        return "to mark"
    if mark.failure and mark.failure.reason == UNANSWERED and not mark.points:
        return ""
    return f"{mark.points:g}/{mark.possible:g}"


def late_and_total(about: Class, student: str) -> list[str]:
    """Return the last texts of a student's row: the penalty, where anybody has one, and the sum."""
    penalty = about.penalties.get(student, 0)
    late = [f"-{penalty:g}" if penalty else ""] if about.penalties else []
    return [*late, total(about.table[student], penalty)]


def total(row: Mapping[str, Mark], penalty: float = 0) -> str:
    """Return a student's sum as text; as nbgrader exports it, it is at least 0."""
    if not row:
        return "not graded"
    got = max(0.0, sum(mark.points for mark in row.values()) - penalty)
    possible = sum(mark.possible for mark in row.values())
    return f"{got:g}/{possible:g}"
