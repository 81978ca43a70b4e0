"""A page for each learner with the marks of the visible checks.

To tell them, the submission is graded a second time, in a course of its own without the hidden
tests: so nothing on the page can come from one, whatever the learner's code does.
"""

import html
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from nbjudge.coordinator import Outcome, grade_course
from nbjudge.coursedir.assignments import read_sources
from nbjudge.coursedir.failures import (
    UNANSWERED,
    Failed,
    Failure,
    failed_in,
)
from nbjudge.coursedir.hidden_tests import split_hidden_tests
from nbjudge.coursedir.report import read_autograded, short_name
from nbjudge.coursedir.results import KEPT, PRIVATE
from nbjudge.coursedir.settings import Settings, read_settings, write_nested_settings
from nbjudge.coursedir.stopped_cells import is_check, name_of
from nbjudge.coursedir.submissions import Finding
from nbjudge.files import replace_folder, replace_text, same_files, write_files
from nbjudge.grading.options import Options
from nbjudge.planning.syntax import tree_of
from nbjudge.untrusted import one_line
from nbjudge.watching.arrivals import state_of

PASSED = "passed"
FAILED = "not yet"
OPEN = "not answered"
LATER = "marked later"  # by a person, or by hidden tests alone


class Exercise(NamedTuple):
    """What a learner is told of an exercise."""

    name: str
    state: str  # PASSED, FAILED, OPEN or LATER
    most: float  # points
    decides: bool  # whether the visible check alone decides over the points
    says: str = ""  # the first sentence of a check that failed
    more: str = ""  # what else it said


class VisibleMarks:
    """A course without hidden tests, beside the one that was made for grading."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self.settings = settings
        self.root = settings.root / KEPT / "visible"
        hidden = [*settings.folders.private(), *map(settings.root.joinpath, PRIVATE)]
        self.options = options._replace(hide=tuple(map(str, hidden)))

    def write(
        self,
        pages: Path,
        assignment: str,
        students: Sequence[str],
        outcome: Outcome,
    ) -> None:
        """Write PAGES/STUDENT/ASSIGNMENT.html for these students.

        `outcome` is that of grading them with all tests. Raises NbjudgeError as `grade` does.
        """
        course = self._course(assignment)
        able = [student for student in students if (assignment, student) in outcome.graded]
        for student in able:
            self._copy(course, assignment, student)
        left = dict.fromkeys(students)

        def write(student: str, findings: Sequence[Finding]) -> None:
            left.pop(student, None)
            body = f"<p>{html.escape(why_not(student, findings))}</p>"
            if student in able and not any(finding.blocks for finding in findings):
                body = as_html(self._exercises(course, assignment, student))
            title = html.escape(one_line(assignment))
            time = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
            text = PAGE.format(title=title, time=time, body=body)
            replace_text(pages / student / f"{assignment}.html", text)

        def tell(_: int, __: int, student: str, findings: list[Finding], ___: str) -> None:
            if student:
                write(student, findings)

        if able:
            grade_course(course, [assignment], able, self.options, tell)
        able.clear()  # of those who are left nothing is graded
        for student in list(left):
            write(student, outcome.findings)

    def _course(self, assignment: str) -> Settings:
        """Return the settings of the course without hidden tests, its source brought up to date."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_nested_settings(self.settings.root, self.root)
        course = read_settings(self.root)
        source = self.settings.folders.source(assignment)
        target = course.folders.source(assignment)
        part = self.root / "source.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(source, part)
        notebooks, _ = read_sources(self.settings.folders, assignment)
        for name, notebook in notebooks.items():
            text = nbformat.writes(self._without_hidden(notebook))
            (part / f"{name}.ipynb").write_text(text, encoding="utf-8")
        if same_files(part, target):
            shutil.rmtree(part)
        else:
            replace_folder(part, target)
        return course

    def _without_hidden(self, notebook: NotebookNode) -> NotebookNode:
        """Return a source notebook whose checks are as learners have them."""
        copy: NotebookNode = nbformat.from_dict(notebook)
        for cell in copy.cells:
            if is_check(cell):
                cell.source = split_hidden_tests(cell.source, self.settings.config).visible
        return copy

    def _copy(self, course: Settings, assignment: str, student: str) -> None:
        """Bring the copy of a submission up to date."""
        source = self.settings.folders.submitted(student, assignment)
        target = course.folders.submitted(student, assignment)
        part = self.root / "submission.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        files: dict[str, Path] = {}
        for name, *_ in state_of(source):
            if (source / name).is_file() and not (source / name).is_symlink():
                files[name] = source / name
        write_files(part, files)
        replace_folder(part, target)

    def _exercises(self, course: Settings, assignment: str, student: str) -> list[Exercise]:
        """Return what the visible checks say of a graded submission."""
        executed = read_autograded(course.root, assignment, student)
        sources, _ = read_sources(self.settings.folders, assignment)
        found = []
        for name, source in sources.items():
            if name not in executed:
                continue
            failed = failed_in(executed[name])
            cells = {name_of(cell): cell for cell in executed[name].cells}
            for cell in source.cells:
                points = cell.metadata.get("nbgrader", {}).get("points")
                if points is None:
                    continue
                exercise = self._exercise(cell, cells.get(name_of(cell)), failed)
                prefix = f"{name}/" if len(sources) > 1 else ""
                found.append(exercise._replace(name=prefix + exercise.name, most=float(points)))
        return found

    def _exercise(
        self, source: NotebookNode, executed: NotebookNode | None, failed: Mapping[str, Failed]
    ) -> Exercise:
        """Return what is told of one cell with points; `source` is the instructor's."""
        grade_id = name_of(source)
        name = short_name(grade_id)
        parts = split_hidden_tests(source.source, self.settings.config)
        if not is_check(source) or not executed or not holds_code(parts.visible):
            return Exercise(name, LATER, 0, False)
        decides = parts.hidden is None
        if grade_id not in failed:
            return Exercise(name, PASSED, 0, decides)
        failure, _, said = failed[grade_id]
        if failure.reason == UNANSWERED:
            return Exercise(name, OPEN, 0, decides)
        return Exercise(name, FAILED, 0, decides, said_first(failure), said)


def holds_code(source: str) -> bool:
    """Return whether a check does anything; True where it is not Python."""
    tree = tree_of(source)
    return tree is None or bool(tree.body)


def said_first(failure: Failure) -> str:
    """Return the first sentence of a check that failed."""
    return f"{failure.reason}: {failure.title}" if failure.source else failure.title


def why_not(student: str, findings: Sequence[Finding]) -> str:
    """Return the sentence on a submission that was not graded."""
    for finding in findings:
        if finding.blocks and finding.student == student:
            return f"Your submission could not be graded: {finding.says}."
    return "Nothing could be graded yet, through no fault of yours. This page is renewed later."


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: visible checks</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto;
  padding: 0 1rem; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .25rem; }}
p, pre {{ margin: .25rem 0; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; opacity: .85; }}
.state {{ font-weight: 400; }}
</style></head><body>
<h1>{title}</h1>
<p>These are the visible checks of what you handed in, as of {time}. It is not your final mark:
hidden tests and marks by hand come later.</p>
{body}
</body></html>
"""


def as_html(exercises: Sequence[Exercise]) -> str:
    """Return what is told of all exercises: a sum, then each."""
    sure = sum(each.most for each in exercises if each.state == PASSED and each.decides)
    passed = sum(each.state == PASSED for each in exercises)
    checked = sum(each.state != LATER for each in exercises)
    parts = [f"<p><strong>{passed} of {checked} visible checks passed.</strong></p>"]
    if sure:
        parts.append(f"<p>Those without hidden tests give {sure:g} points.</p>")
    for each in exercises:
        heading = f"{html.escape(one_line(each.name))}: <span class=state>{in_words(each)}</span>"
        parts.append(f"<h2>{heading}</h2>")
        if each.says:
            parts.append(f"<p>{html.escape(one_line(each.says))}</p>")
        if each.more:
            lines = "\n".join(map(one_line, each.more.split("\n")))
            parts.append(f"<pre>{html.escape(lines)}</pre>")
    return "\n".join(parts)


def in_words(exercise: Exercise) -> str:
    """Return an exercise's state and points in words."""
    state, decides = exercise.state, exercise.decides
    points = f"{exercise.most:g} point{'' if exercise.most == 1 else 's'}"
    if state == PASSED and decides:
        return f"passed: {points}"
    if state == PASSED:
        return f"passed; hidden tests decide over {points}"
    if state == LATER:
        return f"marked later: {points}"
    return f"{state}: 0 of {points} so far"
