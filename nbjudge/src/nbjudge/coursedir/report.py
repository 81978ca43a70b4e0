"""What the class made of an assignment: points by exercise, and why answers failed.

As data, as texts, and as a page for the instructor; terminal.py prints it.
"""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from nbjudge.coursedir.failures import UNANSWERED, Failure, failures, message_of, name_of, words_of
from nbjudge.coursedir.settings import folders_of
from nbjudge.coursedir.submissions import Finding, students_of
from nbjudge.files import replace_text
from nbjudge.sandbox.output import CUT
from nbjudge.untrusted import one_line


class Mark(NamedTuple):
    """What a student got for an exercise."""

    points: float
    possible: float
    to_do: bool  # waits for a person's mark
    failure: Failure | None


Table = dict[str, dict[str, Mark]]  # {student: {exercise: Mark}}


class Class(NamedTuple):
    """What a class got for an assignment."""

    table: Table
    penalties: dict[str, float]  # {student: points lost for being late}, of those who lost some


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
    """Return {name: executed notebook}, {} if nothing could be graded."""
    folder = folders_of(root).autograded(student, assignment)
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}


def marks(root: Path, assignment: str, gradebook: str) -> Table:
    """Return all marks of an assignment; the row of a student who could not be graded is {}.

    `gradebook` is the gradebook's database URL. An exercise has the name of its check's grade_id;
    in an assignment of several notebooks, notebook/grade_id. The exercises of a notebook that was
    not handed in are there, too, because their points count.
    """
    return read_class(root, assignment, gradebook).table


def read_class(root: Path, assignment: str, gradebook: str) -> Class:
    """Return marks and penalties of an assignment; `gradebook` as for `marks`."""
    table: Table = {student: {} for student in students_of(folders_of(root), assignment)}
    if not table:
        return Class(table, {})
    recorded, penalties = read_gradebook(gradebook, assignment)
    executed = {student: read_autograded(root, assignment, student) for student in table}
    orders = orders_of(recorded, executed.values())
    for student, notebooks in executed.items():
        rows = recorded.get(student, {}) if notebooks else {}
        for name, order in orders.items():
            grades = rows.get(name, {})
            failed = failures(notebooks[name]) if name in notebooks else None
            for grade_id in order:
                if grade_id in grades:
                    failure = NOT_HANDED_IN if failed is None else failed.get(grade_id)
                    exercise = f"{name}/{grade_id}" if len(orders) > 1 else grade_id
                    table[student][exercise] = Mark(*grades[grade_id], failure)
    late = {student: penalties.get(student, 0) for student, row in table.items() if row}
    return Class(table, {student: penalty for student, penalty in late.items() if penalty})


NOT_HANDED_IN = Failure(UNANSWERED, "")

# {student: {notebook: {grade_id: (points, possible points, whether a person has to mark it)}}}
Recorded = dict[str, dict[str, dict[str, tuple[float, float, bool]]]]


def read_gradebook(url: str, assignment: str, only: str = "") -> tuple[Recorded, dict[str, float]]:
    """Return (what the gradebook holds of an assignment, {student: penalty for being late}).

    `only`: of this student; "" for all.
    """
    from nbgrader.api import (
        Assignment,
        BaseCell,
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
    return recorded, penalties


def orders_of(
    recorded: Recorded, classes: Iterable[Mapping[str, NotebookNode]]
) -> dict[str, list[str]]:
    """Return {notebook: its grade_ids in order}, from the first student who has handed it in."""
    orders: dict[str, list[str]] = {}
    for rows in recorded.values():
        for name, grades in rows.items():
            orders.setdefault(name, sorted(grades))
    seen: set[str] = set()
    for notebooks in classes:
        for name in orders.keys() & notebooks.keys() - seen:
            orders[name] = list(map(name_of, notebooks[name].cells))
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


# ---- as a page -----------------------------------------------------------------------------------

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; \
padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin-bottom: 2rem; }}
caption {{ text-align: left; font-weight: 600; padding-bottom: .5rem; }}
th, td {{ border: 1px solid color-mix(in srgb, currentColor 35%, transparent); \
padding: .3rem .5rem; text-align: right; }}
th:first-child, .words :last-child {{ text-align: left; }}
th[scope=row], td {{ white-space: nowrap; }}
.words td {{ white-space: normal; }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def write_page(root: Path, assignment: str, about: Class, findings: Sequence[Finding]) -> Path:
    """Write autograded/report-ASSIGNMENT.html, which needs no other file, and return its path.

    It is for instructors only: it names students.
    """
    header, body = lines(about)
    met = []
    for code, exercise, says, count in misconceptions(about.table):
        met.append([code, exercise, f"{count} of {len(about.table)}", says])
    parts = [
        grid("Points by exercise (blank: not answered)", header, body),
        grid("Why answers failed", ["reason", "exercise", "students", "in words"], met),
    ]
    if findings:
        entries = "".join(element("li", text) for text in grouped(findings))
        parts.append(f"<h2>Findings</h2><ul>{entries}</ul>")
    graded = folders_of(root).autograded(".", ".")
    path = graded / f"report-{assignment}.html"
    heading = f"Report on {html.escape(assignment)}"
    replace_text(path, PAGE.format(title=heading, body="\n".join(parts)))
    return path


def element(tag: str, text: str, attributes: str = "") -> str:
    """Return an HTML element that holds a text; `attributes` begins with a space."""
    return f"<{tag}{attributes}>{html.escape(one_line(text))}</{tag}>"


def grid(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table. Its first column names the row; a last column `in words` may wrap."""
    head = "".join(element("th", name, ' scope="col"') for name in header)
    body = ""
    for first, *others in rows:
        cells = "".join(element("td", text) for text in others)
        body += "<tr>" + element("th", first, ' scope="row"') + cells + "</tr>"
    words = ' class="words"' if header[-1] == "in words" else ""
    return (
        f'<div class="wide"><table{words}><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
