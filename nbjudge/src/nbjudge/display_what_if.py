"""Showing what a grading would change: a table for people, JSON lines for programs."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from nbjudge.coordinator import Outcome
from nbjudge.coursedir import report
from nbjudge.coursedir.settings import read_settings
from nbjudge.display import as_json, new_progress, print_finding, print_line, progress_on
from nbjudge.grading.options import DEFAULTS, Options
from nbjudge.terminal import page_wide_console, print_grid
from nbjudge.what_if import CellChange, Change, what_if


def show_what_if(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Print who would gain and lose points, exercise by exercise; parameters as for `grade`."""
    from rich.console import Console

    settings = read_settings(root)
    with new_progress(Console(stderr=True)) as progress:
        tell = progress_on(progress)
        outcome, changes = what_if(settings, assignments, students, options, tell)
        for text in report.grouped(each for each in outcome.findings if not each.blocks):
            print_finding(progress.console, ("Note: ", "yellow"), text)
    console = page_wide_console()
    for assignment in assignments:
        own = [change for change in changes if change.assignment == assignment]
        rows = [row for change in own if change.is_one for row in rows_of(change)]
        if rows:
            header = ["learner", "exercise", "now", "then", "why"]
            print_grid(console, f"{assignment}: what would change", header, rows, words=True)
        if own:
            console.print(f"{assignment}: {in_words(own)}", markup=False, soft_wrap=True)
    console.print("Nothing was written.")
    return outcome


def rows_of(change: Change) -> list[list[str]]:
    """Return the rows of one learner: the sum, then each exercise that changes."""
    before = share(change.before, change.possible_before)
    rows = [[change.student, "sum", before, share(change.after, change.possible_after), ""]]
    if change.before is None:
        rows[0][2:] = ["not graded", rows[0][3], ""]
    elif change.to_mark:
        rows[0][4] = f"{change.to_mark} to mark by hand"
    for cell in change.cells:
        now = share(cell.before, cell.possible_before)
        then = share(cell.after, cell.possible_after)
        rows.append(["", cell.exercise, now, then, cell.why])
    if change.penalty_before != change.penalty_after:
        now, then = f"-{change.penalty_before:g}", f"-{change.penalty_after:g}"
        rows.append(["", "late", now, then, "the penalty for being late"])
    return rows


def share(points: float | None, possible: float | None) -> str:
    """Return points as text, a dash where the exercise is not there."""
    return "–" if points is None or possible is None else f"{points:g}/{possible:g}"


def in_words(changes: Sequence[Change]) -> str:
    """Return how many learners gain, lose, stay and are new."""
    counts = counts_of(changes)
    words = f"{counts['gain']} gain points, {counts['lose']} lose points, {counts['same']} keep "
    words += "theirs"
    return f"{words}, {counts['new']} graded for the first time" if counts["new"] else words


def counts_of(changes: Sequence[Change]) -> dict[str, int]:
    """Return how many learners gain points, lose points, keep theirs, and are new."""
    graded = [change for change in changes if change.before is not None]
    return {
        "gain": sum(change.gain > 0 for change in graded),
        "lose": sum(change.gain < 0 for change in graded),
        "same": sum(change.gain == 0 for change in graded),
        "new": len(changes) - len(graded),
    }


def what_if_for_machines(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
) -> Outcome:
    """Print a JSON object a line: each learner for whom something changes, then the sum.

    The first are {"lesson", "learner", "before", "after", "gain", "exercises", ...}, the last
    {"gain", "lose", "same", "new", "not_graded", "findings"}.
    """
    outcome, changes = what_if(read_settings(root), assignments, students, options)
    for change in changes:
        if change.is_one:
            print_line(**fields_of(change))
    findings = [as_json(finding) for finding in outcome.findings]
    not_graded = sum(finding.blocks for finding in outcome.findings)
    print_line(**counts_of(changes), not_graded=not_graded, findings=findings)
    return outcome


def fields_of(change: Change) -> dict[str, Any]:
    """Return a change under the public names of its fields."""
    fields = change._asdict()
    cells: list[CellChange] = fields.pop("cells")
    named = {"lesson": fields.pop("assignment"), "learner": fields.pop("student")}
    exercises = [cell._asdict() for cell in cells]
    return named | fields | {"gain": change.gain, "exercises": exercises}
