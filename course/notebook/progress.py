"""How far a learner is: points and minutes, lesson by lesson, read from their own notebooks.

Nothing is sent anywhere.
"""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from IPython.display import display

from course.paths import RELEASE


class Lesson(NamedTuple):
    """How far a learner is in one lesson."""

    name: str
    title: str
    points: int
    got: int
    minutes: int  # that are left, if each point takes as long as any other


def progress(folder: Path) -> list[Lesson]:
    """A Lesson for each one that was given out.

    `folder` holds the learner's copies, NAME/NAME.ipynb, as far as there are any.
    """
    lessons = []
    for released in sorted(RELEASE.glob("*/*.ipynb")):
        own_copy = folder / released.stem / released.name
        lessons.append(standing(released.stem, released, own_copy))
    return lessons


def standing(name: str, released: Path, own_copy: Path) -> Lesson:
    """Where the learner is in one lesson.

    Title, points and minutes are read from the top of the released notebook; a check has been
    passed if its last run, as saved in the learner's own copy, says so.
    """
    top = [line for cell in read(released)[:2] for line in cell["source"]]
    header = re.search(
        r"^# (.+?)\n.*\*About (\d+) minutes · (\d+) point",
        "".join(top) + "\n",
        re.S,
    )
    title = header[1]
    minutes = int(header[2])
    points = int(header[3])
    got = 0
    for cell in read(own_copy):
        if is_check(cell) and has_passed(cell):
            got += cell["metadata"]["nbgrader"]["points"]
    return Lesson(name, title, points, got, round(minutes * (1 - got / points)))


def read(path: Path) -> list[dict]:
    """A notebook's cells; none where there is no notebook, or one that is being saved just now."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (FileNotFoundError, ValueError, KeyError):
        return []


def is_check(cell: dict) -> bool:
    """Whether a cell holds the check of an exercise."""
    return cell["metadata"].get("nbgrader", {}).get("grade", False)


def has_passed(cell: dict) -> bool:
    """Whether the saved outputs of a check say "Passed" and hold no error."""
    passed = False
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            return False
        text = "".join(output.get("data", {}).get("text/plain", ""))
        passed = passed or text.startswith("Passed: ")
    return passed


def as_text(lessons: Sequence[Lesson]) -> str:
    """The lessons as a table of plain text, with a last line for the total."""
    width = max(len(lesson.title) for lesson in lessons)
    lines = []
    for lesson in lessons:
        points = f"{lesson.got:2} of {lesson.points:2} points"
        lines.append(f"{lesson.title:{width}}  {points}  {left(lesson)}")
    lines.append(total(lessons))
    return "\n".join(lines)


def left(lesson: Lesson) -> str:
    """How long the rest of a lesson takes, in words."""
    return f"{lesson.minutes} minutes" if lesson.minutes else "done"


def total(lessons: Sequence[Lesson]) -> str:
    """Points and time of all lessons together, as a sentence."""
    got = sum(lesson.got for lesson in lessons)
    points = sum(lesson.points for lesson in lessons)
    hours, minutes = divmod(sum(lesson.minutes for lesson in lessons), 60)
    if hours or minutes:
        rest = f"about {hours} h {minutes:02} min to go."
    else:
        rest = "and nothing left to do."
    return f"In all {got} of {points} points, {rest}"


def lesson_map() -> None:
    """Show the lessons as a table with links, in a notebook beside the learner's other ones."""
    lessons = progress(Path.cwd().parent)
    rows = "".join(_row(lesson) for lesson in lessons)
    heads = (
        '<th scope="col" style="text-align: left">lesson</th>'
        '<th scope="col" colspan="2">points</th>'
        '<th scope="col">to go</th>'
    )
    table = (
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{total(lessons)}</p>"
    )
    bundle = {
        "text/html": f'<div class="lesson-map">{table}</div>',
        "text/plain": as_text(lessons),
    }
    display(bundle, raw=True)


def _row(lesson: Lesson) -> str:
    title = html.escape(lesson.title)
    link = f'<a href="../{lesson.name}/{lesson.name}.ipynb">{title}</a>'
    meter = (
        f'<meter value="{lesson.got}" max="{lesson.points}" aria-label="points in {title}"></meter>'
    )
    return (
        f'<tr><th scope="row" style="text-align: left">{link}</th>'
        f"<td>{meter}</td>"
        f"<td>{lesson.got} of {lesson.points}</td>"
        f"<td>{left(lesson)}</td></tr>"
    )
