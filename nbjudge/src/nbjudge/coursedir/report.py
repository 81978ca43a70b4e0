"""What the class made of an assignment: points by exercise and the misconceptions met.

For the terminal, and as a page for the instructor.
"""

import html
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nbformat
from nbformat import NotebookNode

from nbjudge.coursedir.settings import folders_of
from nbjudge.coursedir.submissions import students_of
from nbjudge.files import replace_text
from nbjudge.sandbox.output import CUT

if TYPE_CHECKING:
    from rich.console import Console

MISCONCEPTION = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]\s*$")
LABEL = re.compile(r"\n\s*(?:[A-Z]\w*:|\[)")  # begins the second part of a message: `Observed: ...`
UNANSWERED = "not answered"


class Failure(NamedTuple):
    """Why a check cell failed."""

    reason: str  # a misconception's code, UNANSWERED, or an exception's name
    title: str  # the first sentence of the message


class Mark(NamedTuple):
    """What a student got for an exercise."""

    points: float
    possible: float
    to_do: bool  # waits for a person's mark
    failure: Failure | None


Table = dict[str, dict[str, Mark]]  # {student: {exercise: Mark}}


def name_of(cell: NotebookNode) -> str:
    """Return a cell's grade_id if it has one, else its id."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")


def errors_of(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a cell that are errors."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def failures(notebook: NotebookNode) -> dict[str, Failure]:
    """Return {grade_id: Failure} of an executed notebook's checks that ended in an error."""
    found = {}
    for cell in notebook.cells:
        errors = errors_of(cell)
        if errors and cell.metadata.get("nbgrader", {}).get("grade"):
            found[cell.metadata.nbgrader.grade_id] = failure_of(errors)
    return found


def failure_of(errors: Sequence[NotebookNode]) -> Failure:
    """Return one reason for a check's errors: a misconception's code, else the last error."""
    for error in errors:
        code = MISCONCEPTION.search(error.evalue)
        if code:
            return Failure(code[1], title(error.evalue))
    last = errors[-1]
    if last.ename == "NotImplementedError":
        return Failure(UNANSWERED, "")
    return Failure(last.ename, title(last.evalue))


def title(message: str) -> str:
    """Return a message's lines before the first that starts with a label or a code."""
    first = LABEL.split(message.strip())[0]
    return " ".join(first.split())[:200]


def oddities(notebook: NotebookNode, timeout: float) -> list[str]:
    """Return sentences on cells that were stopped or cut; `timeout` is in seconds a cell."""
    findings = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            sentence = oddity(name_of(cell), output, timeout)
            if sentence:
                findings.append(sentence)
    return findings


def oddity(name: str, output: NotebookNode, timeout: float) -> str:
    """Return the sentence on one output of the cell `name`, "" if there is nothing to say."""
    ename = output.ename if output.output_type == "error" else ""
    if ename == "CellTimeoutError":
        return (
            f"the cell `{name}` was stopped after {timeout} s and counts as failed: "
            "look for an endless loop, or allow more time with c.Execute.timeout"
        )
    if ename == "DeadKernelError":
        return (
            f"the cell `{name}` counts as failed, {output.evalue.partition(':')[0]}: "
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
    in an assignment of several notebooks, notebook/grade_id.
    """
    from nbgrader.api import Gradebook, MissingEntry

    table: Table = {}
    students = students_of(folders_of(root), assignment)
    if not students:
        return table
    with Gradebook(gradebook) as book:
        for student in students:
            table[student] = {}
            notebooks = read_autograded(root, assignment, student)
            for name, notebook in notebooks.items():
                try:
                    recorded = book.find_submission_notebook(name, assignment, student)
                except MissingEntry:
                    continue
                prefix = f"{name}/" if len(notebooks) > 1 else ""
                for grade_id, mark in marks_of_notebook(notebook, recorded.grades).items():
                    table[student][prefix + grade_id] = mark
    return table


def marks_of_notebook(notebook: NotebookNode, grades: Iterable) -> dict[str, Mark]:
    """Return {grade_id: Mark} in the notebook's order; `grades` are the gradebook's rows for it."""
    recorded = {grade.name: grade for grade in grades}
    failed = failures(notebook)
    found = {}
    for grade_id in map(name_of, notebook.cells):
        if grade_id in recorded:
            grade = recorded[grade_id]
            found[grade_id] = Mark(
                grade.score, grade.max_score, grade.needs_manual_grade, failed.get(grade_id)
            )
    return found


def misconceptions(table: Table) -> list[tuple[str, str, int]]:
    """Return [(code, title, number of students)], most frequent first.

    An exception without a code is listed under its own name.
    """
    students = defaultdict(set)
    titles: dict[str, str] = {}
    for student, row in table.items():
        for mark in row.values():
            if mark.failure and mark.failure.reason != UNANSWERED:
                students[mark.failure.reason].add(student)
                titles.setdefault(mark.failure.reason, mark.failure.title)
    found = [(code, titles[code], len(students[code])) for code in sorted(students)]
    return sorted(found, key=lambda each: -each[2])


# ---- as texts ------------------------------------------------------------------------------------


def lines(table: Table) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table as texts: student, points by exercise, sum."""
    exercises: dict[str, None] = {}  # in order, each once
    for row in table.values():
        exercises |= dict.fromkeys(row)
    header = ["learner", *(name.removeprefix("check-") for name in exercises), "points"]
    body = []
    for student, row in table.items():
        by_exercise = [points(row.get(name)) for name in exercises]
        body.append([student, *by_exercise, total(row)])
    return header, body


def points(mark: Mark | None) -> str:
    """Return a mark as text, "" if the exercise is not answered."""
    if mark is None or (mark.failure and mark.failure.reason == UNANSWERED):
        return ""
    return "to mark" if mark.to_do else f"{mark.points:g}/{mark.possible:g}"


def total(row: dict[str, Mark]) -> str:
    """Return a student's sum as text."""
    if not row:
        return "not graded"
    got = sum(mark.points for mark in row.values())
    possible = sum(mark.possible for mark in row.values())
    return f"{got:g}/{possible:g}"


# ---- for the terminal ----------------------------------------------------------------------------


def page_wide_console() -> "Console":
    """Return standard output as a rich console.

    If it is not a terminal, it has 140 columns in place of rich's 80, so that tables fit.
    """
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=140)


def print_table(console: "Console", assignment: str, table: Table) -> None:
    """Print the points by exercise and the misconceptions met."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table as RichTable

    header, body = lines(table)
    names = [name.replace("-", "-\n") for name in header]
    widths = [max((len(row[column]) for row in body), default=0) for column in range(len(header))]
    needed = 1
    for name, width in zip(names, widths, strict=True):
        needed += 1 + max(width, *map(len, name.split("\n")))
    narrow = needed > console.width  # then the exercises' names are folded, and the points are not
    shown = RichTable(
        title=f"{assignment}: points by exercise (blank: not answered)",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
    )
    for column, (name, width) in enumerate(zip(names, widths, strict=True)):
        shown.add_column(
            name,
            justify="right" if column else "left",
            width=width if narrow else None,
            overflow="fold",
        )
    for row in body:
        shown.add_row(*map(escape, row))
    console.print(shown)
    for code, sentence, count in misconceptions(table):
        console.print(f"{count} of {len(table)}: {code} - {sentence}", markup=False, soft_wrap=True)


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


def write_page(root: Path, assignment: str, table: Table, findings: Sequence) -> Path:
    """Write autograded/report-ASSIGNMENT.html, which needs no other file, and return its path.

    It is for instructors only: it names students.
    """
    header, body = lines(table)
    met = []
    for code, sentence, count in misconceptions(table):
        met.append([code, f"{count} of {len(table)}", sentence])
    parts = [
        grid("Points by exercise (blank: not answered)", header, body),
        grid("Misconceptions met", ["code", "learners", "title"], met),
    ]
    if findings:
        entries = "".join(element("li", str(finding)) for finding in findings)
        parts.append(f"<h2>Findings</h2><ul>{entries}</ul>")
    graded = folders_of(root).autograded(".", ".")
    path = graded / f"report-{assignment}.html"
    heading = f"Report on {html.escape(assignment)}"
    replace_text(path, PAGE.format(title=heading, body="\n".join(parts)))
    return path


def element(tag: str, text: str, attributes: str = "") -> str:
    """Return an HTML element that holds a text; `attributes` begins with a space."""
    return f"<{tag}{attributes}>{html.escape(text)}</{tag}>"


def grid(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table. Its first column names the row; a last column `title` may wrap."""
    head = "".join(element("th", name, ' scope="col"') for name in header)
    body = ""
    for first, *others in rows:
        cells = "".join(element("td", text) for text in others)
        body += "<tr>" + element("th", first, ' scope="row"') + cells + "</tr>"
    words = ' class="words"' if header[-1] == "title" else ""
    return (
        f'<div class="wide"><table{words}><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
