"""Showing a grading: to people, with progress and tables, and to programs, as JSON lines."""

import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nbjudge.coordinator import DEFAULTS, Options, Outcome, Tell, grade_course
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import Settings, read_settings
from nbjudge.coursedir.submissions import Finding


def grade_and_show(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Grade with progress and findings on stderr as they come, then tables on stdout.

    The parameters are those of `coordinator.grade`, and so is what is returned and raised.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    settings = read_settings(root)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tell = progress_on(progress)
        outcome = grade_course(settings, assignments, students, options, tell)
    show_results(settings, assignments, outcome)
    return outcome


def progress_on(progress: Any) -> Tell:
    """Return a `tell` for grade_course that moves a rich progress bar and prints findings."""
    from rich.markup import escape

    task = progress.add_task("Grading", total=None)

    def tell(
        done: int,
        total: int,
        student: str,
        findings: list[Finding],
    ) -> None:
        description = f"Graded {student}" if student else "Grading"
        progress.update(task, completed=done, total=total, description=description)
        for finding in findings:
            label = "[red]Not graded:[/]" if finding.blocks else "[yellow]Note:[/]"
            progress.console.print(label, escape(str(finding)), soft_wrap=True, highlight=False)

    return tell


def show_results(
    settings: Settings,
    assignments: list[str],
    outcome: Outcome,
) -> None:
    """Print the tables of each assignment, write its report, and say where everything lies."""
    console = report.page_wide_console()
    root = settings.root
    for assignment in assignments:
        table = report.marks(root, assignment, settings.gradebook_url)
        if not table:
            continue
        report.print_table(console, assignment, table)
        found = [finding for finding in outcome.findings if finding.assignment == assignment]
        page = report.write_page(root, assignment, table, found)
        console.print(f"Report:    {page}", soft_wrap=True)
    for line in (
        f"Notebooks: {settings.folders.autograded('.', '.')}",
        f"Gradebook: {settings.gradebook_url}",
        f"Feedback:  {root / 'feedback'}, once you have run `nbgrader generate_feedback LESSON`",
    ):
        console.print(line, soft_wrap=True)


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
