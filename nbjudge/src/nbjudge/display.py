"""Showing a grading: to people, with progress and tables, and to programs, as JSON lines."""

import json
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbjudge.coordinator import Outcome, grade_course
from nbjudge.coursedir import export, report
from nbjudge.coursedir.settings import Settings, read_settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import CourseError
from nbjudge.grading.options import DEFAULTS, Options
from nbjudge.grading.progress import Tell
from nbjudge.reporting.elements import percent
from nbjudge.reporting.summary import summary_of
from nbjudge.reporting.write import Explain, read_classes, write_page, write_report
from nbjudge.terminal import page_wide_console, print_class, print_grid, print_student
from nbjudge.untrusted import one_line, shown

if TYPE_CHECKING:
    from rich.console import Console

    from nbjudge.collect.into_course import Collected


def grade_and_show(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Grade with progress on stderr, then findings, then tables on stdout.

    What cannot be graded is said as it comes; notes that say the same of several students are one.

    The parameters are those of `coordinator.grade`, and so is what is returned and raised.
    """
    from rich.console import Console

    settings = read_settings(root)
    with new_progress(Console(stderr=True)) as progress:
        tell = progress_on(progress)
        outcome = grade_course(settings, assignments, students, options, tell)
        for text in report.grouped(each for each in outcome.findings if not each.blocks):
            print_finding(progress.console, ("Note: ", "yellow"), text)
    show_results(settings, assignments, outcome.findings, students)
    return outcome


def new_progress(console: Any) -> Any:
    """Return a rich progress bar with the times that have passed and are left."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),  # a learner's name is no markup
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def progress_on(progress: Any) -> Tell:
    """Return a `tell` that moves a rich progress bar and prints what cannot be graded."""
    task = progress.add_task("Grading", total=None)

    def tell(
        done: int,
        total: int,
        student: str,
        findings: list[Finding],
        assignment: str,
    ) -> None:
        description = f"Graded {shown(student)}" if student else "Grading"
        progress.update(task, completed=done, total=total, description=description)
        for finding in findings:
            if finding.blocks:
                print_finding(progress.console, ("Not graded: ", "red"), str(finding))

    return tell


def print_finding(console: "Console", label: tuple[str, str], text: str) -> None:
    """Print a finding behind a label (words, colour). As rich's Text, none of it is markup."""
    from rich.text import Text

    line = Text.assemble(label, one_line(text))
    console.print(line, soft_wrap=True, highlight=False)


def show_results(
    settings: Settings,
    assignments: list[str],
    findings: list[Finding],
    students: Collection[str] | None = None,
) -> None:
    """Print the tables of each assignment, write its report, and say where everything lies.

    With `students`, each exercise of theirs is printed in place of the class's table.
    """
    console = page_wide_console()
    root = settings.root
    for assignment in assignments:
        about = report.read_class(root, assignment, settings.gradebook_url)
        if not about.table:
            continue
        show_class(console, assignment, about, students)
        found = [finding for finding in findings if finding.assignment == assignment]
        page = write_page(settings, assignment, about, found)
        console.print(f"Report:    {page}", soft_wrap=True, markup=False, emoji=False)
    for line in (
        f"Notebooks: {settings.folders.autograded('.', '.')}",
        f"Gradebook: {settings.gradebook_url}",
        f"Feedback:  {root / 'feedback'}, once you have run `nbjudge feedback ASSIGNMENT`",
    ):
        console.print(line, soft_wrap=True, markup=False, emoji=False)


def show_class(
    console: "Console",
    assignment: str,
    about: report.Class,
    students: Collection[str] | None,
) -> None:
    """Print the class's table, or each exercise of some students."""
    if students is None:
        print_class(console, assignment, about)
    for student in students or ():
        print_student(console, assignment, student, about)


def show_learners(settings: Settings, assignments: Sequence[str], students: list[str]) -> None:
    """Print each exercise of some students. Raises CourseError where one of them is not graded.

    Without assignments, those that they have handed in are printed.
    """
    console = page_wide_console()
    classes = read_classes(settings, assignments)
    for student in students:
        graded = [name for name, about in classes.items() if about.table.get(student)]
        missing = [name for name in assignments or [] if name not in graded]
        if missing or not graded:
            lesson = missing[0] if missing else "LESSON"
            raise CourseError(
                f"{', '.join(missing) or 'all lessons'}: {student} is not graded, so there is "
                f"nothing to show: run `nbjudge grade {lesson}` first, or correct the name"
            )
        for name in graded:
            print_student(console, name, student, classes[name])


def show_report(
    settings: Settings,
    assignments: Sequence[str],
    folder: Path,
    pass_mark: float = 50,
    hide_names: bool = False,
    explain: Explain | None = None,
) -> None:
    """Print what is graded, and write the report; the parameters are those of write_report.

    Without assignments, one line is printed for each lesson. With hidden names no table is printed
    that holds names.
    """
    console = page_wide_console()
    classes = read_classes(settings, assignments)
    if len(classes) > 1 and not assignments:
        print_grid(console, "Week by week", *weeks(classes))
    elif not hide_names:
        for assignment, about in classes.items():
            print_class(console, assignment, about)
    paths = write_report(folder, settings, classes, pass_mark, hide_names, explain)
    for path in paths:
        console.print(f"Report: {path}", soft_wrap=True, markup=False, emoji=False)


def weeks(classes: Mapping[str, report.Class]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: one for each lesson, as the report orders them."""
    body = []
    for lesson in summary_of("", classes).lessons:
        counts = [str(len(lesson.learners)), str(lesson.graded), str(lesson.late)]
        body.append([lesson.name, *counts, percent(lesson.mean), percent(lesson.median)])
    return ["lesson", "handed in", "graded", "late", "mean", "median"], body


def grade_for_machines(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Grade with a JSON object a line on stdout: each submission as it is done, then the sum.

    A submission is {"done", "of", "lesson", "learner", "findings", "graded"}, and where it is
    graded also {"points", "possible", "late_penalty", "to_mark", "exercises"}, see `points_of`.
    Before the first submission, each finding on what is not graded is {"lesson", "learner",
    "graded", "findings"}. Parameters and errors are those of `coordinator.grade`.
    """
    started = time.monotonic()
    settings = read_settings(root)
    tell = told_as_json(settings)
    outcome = grade_course(settings, assignments, students, options, tell)
    print_line(
        graded=len(outcome.graded),
        not_graded=sum(finding.blocks for finding in outcome.findings),
        seconds=round(time.monotonic() - started, 2),
        cells=outcome.cells,
        coordinator_s=round(outcome.work, 3),
    )
    return outcome


def told_as_json(settings: Settings) -> Tell:
    """Return a `tell` that prints each submission as a JSON object on a line."""

    def tell(done: int, total: int, student: str, findings: list[Finding], assignment: str) -> None:
        if not student:
            print_findings_as_json(findings)
            return
        found = [as_json(finding) for finding in findings]
        graded = not any(finding.blocks for finding in findings)
        points = points_of(settings, assignment, student) if graded else {}
        print_line(
            done=done,
            of=total,
            lesson=assignment,
            learner=student,
            findings=found,
            graded=graded,
            **points,
        )

    return tell


def told_as_lines(settings: Settings) -> Tell:
    """Return a `tell` that prints a line with the points of each submission."""

    def tell(done: int, total: int, student: str, findings: list[Finding], assignment: str) -> None:
        blocking = [finding for finding in findings if finding.blocks]
        if student and not blocking:
            got = points_of(settings, assignment, student)
            waits = ", waits for a mark by hand" if got["to_mark"] else ""
            time_of_day = time.strftime("%H:%M:%S")
            points = f"{got['points']:g}/{got['possible']:g}"
            print(f"{time_of_day}  {assignment}  {one_line(student)}  {points}{waits}", flush=True)
        for finding in blocking:
            print(one_line(f"Not graded: {finding}"), file=sys.stderr, flush=True)

    return tell


def print_findings_as_json(findings: list[Finding]) -> None:
    """Print findings before the first submission, a JSON object a line."""
    for finding in findings:
        print_line(
            lesson=finding.assignment,
            learner=finding.student,
            graded=False,
            findings=[finding.says],
        )


def points_of(settings: Settings, assignment: str, student: str) -> dict[str, Any]:
    """Return what the gradebook holds of a graded submission, under public names.

    "points" is the sum as nbgrader exports it, less the "late_penalty" and at least 0; "possible"
    the most; "to_mark" whether something waits for a person's mark; "exercises" are {exercise:
    {"points", "possible", "to_mark"}}, named as in the report.
    """
    grades = export.read_grades(settings, assignment, student)
    row = grades.rows[student]
    exercises = {}
    for name, points in row.exercises.items():
        waits = name in row.to_mark
        exercises[name] = {"points": points, "possible": grades.possible[name], "to_mark": waits}
    return {
        "points": row.total,
        "possible": sum(grades.possible.values()),
        "late_penalty": row.penalty,
        "to_mark": bool(row.to_mark),
        "exercises": exercises,
    }


def print_line(**fields: Any) -> None:
    """Print a JSON object on one line."""
    print(json.dumps(fields), flush=True)  # a program may read it while the grading goes on


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding under the public names of its fields."""
    return {
        "learner": finding.student,
        "lesson": finding.assignment,
        "file": finding.file,
        "says": finding.says,
        "blocks": finding.blocks,
    }


def show_collected(settings: Settings, collected: "Collected") -> None:
    """Print what was collected on stdout, and on stderr what was not and why."""
    from rich.console import Console

    errors = Console(stderr=True)
    for text in report.grouped(each for each in collected.findings if not each.blocks):
        print_finding(errors, ("Note: ", "yellow"), text)
    for text in report.grouped(each for each in collected.findings if each.blocks):
        print_finding(errors, ("Not collected: ", "red"), text)
    place = settings.folders.shown(settings.folders.submitted(".", "."))
    for layout in collected.layouts:
        print(one_line(layout))
    print(f"{place}/: {len(collected.new)} new", end="")
    for students, what in (
        (collected.replaced, "replaced"),
        (collected.same, "as before"),
        (collected.kept, "differ from what was given and stay"),
    ):
        print(f", {len(students)} {what}" if students else "", end="")
    print()
