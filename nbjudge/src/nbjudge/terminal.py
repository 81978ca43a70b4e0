"""The class's points and failures in a terminal, at least 80 columns wide."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbjudge.coursedir.failures import UNANSWERED, words_of
from nbjudge.coursedir.report import (
    Class,
    Mark,
    exercises_of,
    late_and_total,
    lines,
    misconceptions,
    points,
    short_name,
    total,
)
from nbjudge.untrusted import one_line

if TYPE_CHECKING:
    from rich.console import Console

KINDS = ("all", "some", "none", "blank", "to mark")  # what students can get for an exercise
MOST_WRONG = 15  # kinds of wrong answers that are printed; the page has all


def page_wide_console() -> "Console":
    """Return standard output as a rich console.

    If it is not a terminal, it has 140 columns in place of rich's 80, so that tables fit.
    """
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=140)


def print_class(console: "Console", assignment: str, about: Class) -> None:
    """Print the points of a class, and why answers failed.

    Where the exercises do not fit side by side, there are two tables: each student's sums, and how
    many students solved each exercise.
    """
    header, body = lines(about)
    folded = [name.replace("/", "/\n").replace("-", "-\n") for name in header]
    if width_of(folded, body) <= console.width:
        title = f"{assignment}: points by exercise (blank: not answered)"
        print_grid(console, title, folded, body)
    else:
        print_grid(console, f"{assignment}: points", *sums(about))
        print_grid(console, f"{assignment}: number of students by exercise", *solved(about))
    print_wrong(console, about)


def print_wrong(console: "Console", about: Class) -> None:
    """Print why answers failed, the most frequent first."""
    from rich.text import Text

    wrong = misconceptions(about.table)
    for code, exercise, says, count in wrong[:MOST_WRONG]:
        what = f"`{exercise}`, {says}" if exercise else f"{code} - {says}"
        text = one_line(f"{count} of {len(about.table)}: {what}")
        console.print(Text(text), soft_wrap=True)
    if len(wrong) > MOST_WRONG:
        console.print(f"{len(wrong) - MOST_WRONG} more kinds of failures are in the report.")


def print_student(console: "Console", assignment: str, student: str, about: Class) -> None:
    """Print what one student got for each exercise, and why not more."""
    row = about.table.get(student, {})
    penalty = about.penalties.get(student, 0)
    late = f", {penalty:g} taken off for being late" if penalty else ""
    body = [[short_name(name), points(mark), why(mark)] for name, mark in row.items()]
    title = f"{assignment}, {student}: {total(row, penalty)}{late}"
    print_grid(console, title, ["exercise", "points", "why"], body, words=True)


def why(mark: Mark) -> str:
    """Return why a mark is what it is, "" where there is nothing to say."""
    if mark.failure:
        code = mark.failure.reason
        words = words_of(mark.failure)
        return words if mark.failure.source or code == UNANSWERED else f"{code} - {words}"
    return ""


def sums(about: Class) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: student, points by notebook if there are several, to mark, sum."""
    exercises = exercises_of(about.table)
    notebooks = list(dict.fromkeys(name.rpartition("/")[0] for name in exercises))
    several = notebooks if len(notebooks) > 1 else []
    to_mark = any(mark.to_do for row in about.table.values() for mark in row.values())
    late = ["late"] if about.penalties else []
    header = ["student", *several, *(["to mark"] if to_mark else []), *late, "points"]
    body = []
    for student, row in about.table.items():
        texts = []
        for notebook in several:
            own = {k: mark for k, mark in row.items() if k.rpartition("/")[0] == notebook}
            texts.append(total(own) if own else "")
        waiting = sum(mark.to_do for mark in row.values())
        texts += [str(waiting or "")] if to_mark else []
        body.append([student, *texts, *late_and_total(about, student)])
    return header, body


def solved(about: Class) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: exercise, mean points, and how many students got what."""
    counts: dict[str, Counter[str]] = {}
    means = {}
    for name in exercises_of(about.table):
        marks = [row[name] for row in about.table.values() if name in row]
        counts[name] = Counter(map(kind_of, marks))
        mean = sum(mark.points for mark in marks) / len(marks)
        means[name] = f"{mean:.3g}/{marks[0].possible:g}"
    kinds = [kind for kind in KINDS if any(count[kind] for count in counts.values())]
    body = []
    for name, count in counts.items():
        body.append([short_name(name), means[name], *(str(count[kind] or "") for kind in kinds)])
    return ["exercise", "mean", *kinds], body


def kind_of(mark: Mark) -> str:
    """Return which of KINDS a mark is."""
    text = points(mark)
    if text in ("", "to mark"):
        return text or "blank"
    if mark.points >= mark.possible:
        return "all"
    return "some" if mark.points else "none"


# ---- grids -----------------------------------------------------------------------------------


def width_of(header: Sequence[str], body: Sequence[Sequence[str]]) -> int:
    """Return how many columns of the terminal a grid needs."""
    needed = 1
    for column, name in enumerate(header):
        texts = [*name.split("\n"), *(row[column] for row in body)]
        needed += 1 + max(map(len, texts))
    return needed


def print_grid(
    console: "Console",
    title: str,
    header: Sequence[str],
    body: Sequence[Sequence[str]],
    words: bool = False,
) -> None:
    """Print texts in columns; long names are folded, points never. `words`: so is the last column.

    The texts may be students': markup and control characters in them have no effect.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, padding=0)
    last = len(header) - 1
    for column, name in enumerate(header):
        folds = column == 0 or (words and column == last)
        shown.add_column(
            Text(one_line(name) if "\n" not in name else name),
            justify="left" if folds else "right",
            no_wrap=not folds,
            overflow="fold",
        )
    for row in body:
        shown.add_row(*(Text(one_line(text)) for text in row))
    console.print(Text(one_line(title), style="italic"))
    console.print(shown)
