"""Showing a grading: to people, with progress and tables, and to programs, as JSON lines."""

import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbjudge.coordinator import DEFAULTS, Options, Outcome, Tell, grade_course
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import Settings, read_settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import CourseError
from nbjudge.terminal import page_wide_console, print_class, print_student
from nbjudge.untrusted import one_line, shown

if TYPE_CHECKING:
    from rich.console import Console


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
        page = report.write_page(root, assignment, about, found)
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


def show_report(
    settings: Settings,
    assignments: list[str],
    students: Collection[str] | None = None,
) -> None:
    """Print the tables of what is graded; with `students`, each exercise of theirs.

    Raises CourseError where somebody is not graded.
    """
    console = page_wide_console()
    for assignment in assignments:
        about = report.read_class(settings.root, assignment, settings.gradebook_url)
        graded = [student for student, row in about.table.items() if row]
        missing = [student for student in students or () if student not in graded]
        if missing or not graded:
            who = missing[0] if missing else "nobody"
            raise CourseError(
                f"{assignment}: {who} is {'not ' if missing else ''}graded, so there is nothing to "
                f"show: run `nbjudge grade {assignment}` first, or correct the name"
            )
        show_class(console, assignment, about, students)


def grade_for_machines(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Grade with a JSON object a line on stdout: each submission as it is done, then the sum.

    A submission is {"done", "of", "learner", "findings", "graded"}. Before the first submission,
    each finding on what is not graded is {"lesson", "learner", "graded", "findings"}. Parameters
    and errors are those of `coordinator.grade`.
    """
    started = time.monotonic()
    outcome = grade_course(read_settings(root), assignments, students, options, print_as_json)
    print_line(
        graded=len(outcome.graded),
        not_graded=sum(finding.blocks for finding in outcome.findings),
        seconds=round(time.monotonic() - started, 2),
        cells=outcome.cells,
        coordinator_s=round(outcome.work, 3),
    )
    return outcome


def print_as_json(
    done: int,
    total: int,
    student: str,
    findings: list[Finding],
) -> None:
    """Print a submission that has ended, or findings before the first, a JSON object a line."""
    if student:
        print_line(
            done=done,
            of=total,
            learner=student,
            findings=[as_json(finding) for finding in findings],
            graded=not any(finding.blocks for finding in findings),
        )
        return
    for finding in findings:
        print_line(
            lesson=finding.assignment,
            learner=finding.student,
            graded=False,
            findings=[finding.says],
        )


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
