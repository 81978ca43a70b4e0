"""How far you are: points got and minutes left, lesson by lesson, read from your own saved notebooks. Nothing is sent anywhere."""

import html
import json
import re
from pathlib import Path
from typing import NamedTuple

from IPython.display import display

from course.paths import RELEASE


class Lesson(NamedTuple):
    name: str
    title: str
    points: int
    got: int
    minutes: int  # that are left, if each point takes as long as any other


def progress(folder):
    """A Lesson for each one that was given out; `folder` holds the learner's copies, NAME/NAME.ipynb, as far as there are any."""
    return [
        standing(path.stem, path, folder / path.stem / path.name)
        for path in sorted(RELEASE.glob("*/*.ipynb"))
    ]


def standing(name, ours, theirs):
    """Title, points and minutes stand at the top of a lesson; a check has been passed if its last run, as saved, says so."""
    head = "".join(line for cell in read(ours)[:2] for line in cell["source"]) + "\n"
    title, minutes, points = re.search(
        r"^# (.+?)\n.*\*About (\d+) minutes · (\d+) point", head, re.S
    ).groups()
    got = sum(
        cell["metadata"]["nbgrader"]["points"]
        for cell in read(theirs)
        if is_check(cell) and has_passed(cell)
    )
    return Lesson(name, title, int(points), got, round(int(minutes) * (1 - got / int(points))))


def read(path):
    """A notebook's cells; none where there is no notebook, or one that is being saved just now."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (FileNotFoundError, ValueError, KeyError):
        return []


def is_check(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade", False)


def has_passed(cell):
    said = [
        "".join(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", [])
    ]
    return any(text.startswith("Passed: ") for text in said) and all(
        output["output_type"] != "error" for output in cell["outputs"]
    )


def as_text(lessons):
    wide = max(len(lesson.title) for lesson in lessons)
    lines = [
        f"{lesson.title:{wide}}  {lesson.got:2} of {lesson.points:2} points  {left(lesson)}"
        for lesson in lessons
    ]
    return "\n".join([*lines, total(lessons)])


def left(lesson):
    return f"{lesson.minutes} minutes" if lesson.minutes else "done"


def total(lessons):
    minutes = sum(lesson.minutes for lesson in lessons)
    return (
        f"In all {sum(lesson.got for lesson in lessons)} of {sum(lesson.points for lesson in lessons)} points, "
        + (
            f"about {minutes // 60} h {minutes % 60:02} min to go."
            if minutes
            else "and nothing left to do."
        )
    )


def lesson_map():
    """Show the lessons as a table with links, in a notebook that lies among the learner's other ones."""
    lessons = progress(Path.cwd().parent)
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left"><a href="../{lesson.name}/{lesson.name}.ipynb">{html.escape(lesson.title)}</a></th>'
        f'<td><meter value="{lesson.got}" max="{lesson.points}" aria-label="points in {html.escape(lesson.title)}"></meter></td>'
        f"<td>{lesson.got} of {lesson.points}</td><td>{left(lesson)}</td></tr>"
        for lesson in lessons
    )
    heads = '<th scope="col" style="text-align: left">lesson</th><th scope="col" colspan="2">points</th><th scope="col">to go</th>'
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table><p>{total(lessons)}</p>"
    display(
        {"text/html": f'<div class="lesson-map">{table}</div>', "text/plain": as_text(lessons)},
        raw=True,
    )
