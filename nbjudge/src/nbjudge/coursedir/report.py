"""What the class made of a lesson: points by exercise, and the misconceptions that were met, for the terminal and as a page."""

import html
import os
import re
import sys
from collections import Counter, defaultdict
from typing import NamedTuple

import nbformat

from nbjudge.coursedir.submissions import learners_of
from nbjudge.sandbox.output import CUT

CODE = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]\s*$")
UNANSWERED = "not answered"


class Failure(NamedTuple):
    """Why a check cell failed: `reason` is a misconception's code, UNANSWERED, or an exception's name."""

    reason: str
    title: str  # the first sentence of the message


class Mark(NamedTuple):
    points: float
    possible: float
    to_do: bool  # waits for a person's mark
    failure: Failure | None


def failures(notebook):
    """Failure by grade_id for all check cells of an executed notebook that ended in an error."""
    found = {}
    for cell in notebook.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if errors and cell.metadata.get("nbgrader", {}).get("grade"):
            found[cell.metadata.nbgrader.grade_id] = judge(errors)
    return found


def name_of(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")


def judge(errors):
    """One reason for a check's errors: a named misconception before anything else, then what came last."""
    for error in errors:
        code = CODE.search(error.evalue)
        if code:
            return Failure(code[1], title(error.evalue))
    if errors[-1].ename == "NotImplementedError":
        return Failure(UNANSWERED, "")
    return Failure(errors[-1].ename, title(errors[-1].evalue))


def title(message):
    """The first sentence of a message: all lines before one that starts with a label, as in `Observed: ...`."""
    return " ".join(re.split(r"\n\s*(?:[A-Z]\w*:|\[)", message.strip())[0].split())[:200]


def oddities(notebook, timeout):
    """Findings on how a notebook ran."""
    findings = []
    for cell in notebook.cells:
        name = name_of(cell)
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "CellTimeoutError":
                findings.append(
                    f"the cell `{name}` was stopped after {timeout} s and counts as failed: look for an endless loop, "
                    "or allow more time with c.Execute.timeout"
                )
            elif output.output_type == "error" and output.ename == "DeadKernelError":
                findings.append(
                    f"the cell `{name}` counts as failed, {output.evalue.partition(':')[0]}: the rest is graded, look at it by hand"
                )
            elif CUT in str(output.get("text", "")) + str(
                output.get("data", {}).get("text/plain", "")
            ):
                findings.append(
                    f"the output of the cell `{name}` was very long and is cut: it is graded, nothing to do"
                )
    return findings


def read_autograded(root, lesson, learner):
    """{name: executed notebook}; empty where nothing could be graded."""
    folder = root / "autograded" / learner / lesson
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}


def marks(root, lesson, gradebook):
    """{learner: {exercise: Mark}} in the lesson's own order; the inner dict is empty for who could not be graded.

    An exercise is named by its check's grade_id, in a lesson of several notebooks by notebook/grade_id.
    """
    from nbgrader.api import Gradebook, MissingEntry

    table, learners = {}, learners_of(root, lesson)
    if not learners:
        return table
    with Gradebook(gradebook) as book:
        for learner in learners:
            notebooks, table[learner] = read_autograded(root, lesson, learner), {}
            for name, notebook in notebooks.items():
                try:
                    grades = {
                        grade.name: grade
                        for grade in book.find_submission_notebook(name, lesson, learner).grades
                    }
                except MissingEntry:
                    continue
                failed = failures(notebook)
                for grade_id in map(name_of, notebook.cells):
                    if grade_id in grades:
                        grade = grades[grade_id]
                        exercise = grade_id if len(notebooks) == 1 else f"{name}/{grade_id}"
                        table[learner][exercise] = Mark(
                            grade.score,
                            grade.max_score,
                            grade.needs_manual_grade,
                            failed.get(grade_id),
                        )
    return table


def misconceptions(table):
    """[(code, title, learners)], most frequent first; exceptions that carry no code are among them under their name."""
    who, titles = defaultdict(set), {}
    for learner, row in table.items():
        for mark in row.values():
            if mark.failure and mark.failure.reason != UNANSWERED:
                who[mark.failure.reason].add(learner)
                titles.setdefault(mark.failure.reason, mark.failure.title)
    return [
        (code, titles[code], len(who[code]))
        for code in sorted(who, key=lambda code: (-len(who[code]), code))
    ]


def lines(table):
    """Header and rows of the table as texts: learner, points by exercise, sum. Blank: not answered."""
    exercises = list(Counter(name for row in table.values() for name in row))
    body = []
    for learner, row in table.items():
        total = (
            f"{sum(mark.points for mark in row.values()):g}/{sum(mark.possible for mark in row.values()):g}"
            if row
            else "not graded"
        )
        body.append([learner, *(points(row.get(name)) for name in exercises), total])
    return ["learner", *(name.removeprefix("check-") for name in exercises), "points"], body


def points(mark):
    if mark is None or (mark.failure and mark.failure.reason == UNANSWERED):
        return ""
    return "to mark" if mark.to_do else f"{mark.points:g}/{mark.possible:g}"


def page_wide_console():
    """Standard output as a rich console; where it is no terminal, tables take the width they need and not 80 columns."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=140)


def show(console, lesson, table):
    """Print both tables on a rich console."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    header, body = lines(table)
    names = [name.replace("-", "-\n") for name in header]
    widths = [max((len(row[column]) for row in body), default=0) for column in range(len(header))]
    roomy = (
        sum(
            max(wide, *map(len, name.split("\n"))) + 1
            for wide, name in zip(widths, names, strict=True)
        )
        + 1
    )
    shown = Table(
        title=f"{lesson}: points by exercise (blank: not answered)",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
    )
    for column, name in enumerate(
        names
    ):  # a narrow terminal breaks the exercises' names, but no points
        width = widths[column] if roomy > console.width else None
        shown.add_column(
            name, justify="left" if column == 0 else "right", width=width, overflow="fold"
        )
    for row in body:
        shown.add_row(*map(escape, row))
    console.print(shown)
    for code, title, count in misconceptions(table):
        console.print(f"{count} of {len(table)}: {code} - {title}", markup=False, soft_wrap=True)


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin-bottom: 2rem; }}
caption {{ text-align: left; font-weight: 600; padding-bottom: .5rem; }}
th, td {{ border: 1px solid color-mix(in srgb, currentColor 35%, transparent); padding: .3rem .5rem; text-align: right; }}
th:first-child, .words :last-child {{ text-align: left; }}
th[scope=row], td {{ white-space: nowrap; }}
.words td {{ white-space: normal; }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def write_page(root, lesson, table, findings):
    """Write autograded/report-LESSON.html, which needs no other file, and return its path. It is for instructors only."""
    header, body = lines(table)
    met = [
        [code, f"{count} of {len(table)}", title] for code, title, count in misconceptions(table)
    ]
    parts = [
        grid("Points by exercise (blank: not answered)", header, body),
        grid("Misconceptions met", ["code", "learners", "title"], met),
    ]
    if findings:
        parts.append(
            f"<h2>Findings</h2><ul>{''.join(element('li', str(finding)) for finding in findings)}</ul>"
        )
    path = root / "autograded" / f"report-{lesson}.html"
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(
        PAGE.format(title=f"Report on {html.escape(lesson)}", body="\n".join(parts)),
        encoding="utf-8",
    )
    os.replace(part, path)
    return path


def element(tag, text, attributes=""):
    return f"<{tag}{attributes}>{html.escape(text)}</{tag}>"


def grid(caption, header, rows):
    """A table whose first column names the row; where the last column holds words it is set like words."""
    head = "".join(element("th", name, ' scope="col"') for name in header)
    body = ""
    for first, *others in rows:
        body += (
            "<tr>"
            + element("th", first, ' scope="row"')
            + "".join(element("td", text) for text in others)
            + "</tr>"
        )
    words = ' class="words"' if header[-1] == "title" else ""
    return (
        f'<div class="wide"><table{words}><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
