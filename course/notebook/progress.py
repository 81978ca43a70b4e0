"""How far a learner is: points and minutes, lesson by lesson, read from their own notebooks.

A point counts if its check has passed with the answer that is in the notebook now. Nothing is sent
anywhere.
"""

import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from IPython.display import display

from course.checking.panel import CHECKED, text_digest
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
    try:
        kept = json.loads(results_path(folder).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        kept = {}
    lessons = []
    for released in sorted(RELEASE.glob("*/*.ipynb")):
        own_copy = folder / released.stem / released.name
        result = kept.get(released.stem, NO_RESULT)
        lessons.append(standing(released.stem, released, own_copy, result))
    return lessons


def results_path(folder: Path) -> Path:
    """Where the last result of "Check all" is kept: {lesson: what `result_of` returns}."""
    return folder / ".checks" / "results.json"


def result_of(cells: Sequence[dict], passed: Collection[str]) -> dict[str, Any]:
    """What is kept of a "Check all": the digest of all answers, and {exercise: digest} of those
    that passed. `cells`: of the learner's copy; `passed`: the exercises that passed.
    """
    digests = {name: digest_of(cell) for name, cell in exercises_of(cells).items()}
    return {
        "answers": text_digest(json.dumps(digests)),
        "passed": {name: digest for name, digest in digests.items() if name in passed},
    }


NO_RESULT: Mapping[str, Any] = {"answers": "", "passed": {}}


def standing(name: str, released: Path, own_copy: Path, result: Mapping[str, Any]) -> Lesson:
    """Where the learner is in one lesson.

    Title, points and minutes are read from the top of the released notebook. `result`: that of the
    last "Check all". It decides as long as no answer has changed since. After that, an exercise
    has been passed if its own answer has not changed since it passed there, or if the last run of
    its check, as saved in the learner's own copy, says so.
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
    cells = read(own_copy)
    now = result_of(cells, exercises_of(cells))
    decided = result["answers"] == now["answers"]
    for cell in cells:
        if is_check(cell):
            exercise = cell.get("id", "").removeprefix("check-")
            digest = result["passed"].get(exercise, "")
            passed = digest != "" and digest == now["passed"].get(exercise)
            if passed or (not decided and has_passed(cell, cells)):
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


def exercises_of(cells: Sequence[dict]) -> dict[str, dict]:
    """{exercise: its answer cell}."""
    found = {}
    for cell in cells:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            found[cell["metadata"]["nbgrader"]["grade_id"]] = cell
    return found


def digest_of(cell: dict) -> str:
    """What the text of a cell is known by."""
    return text_digest("".join(cell["source"]))


def has_passed(check: dict, cells: Sequence[dict]) -> bool:
    """Whether a check's saved outputs say "Passed", hold no error, and are about a cell of now.

    The panel notes the digest of the cell that defined the answer, where it was told.
    """
    passed = False
    for output in check.get("outputs", []):
        if output["output_type"] == "error":
            return False
        data = output.get("data", {})
        if "".join(data.get("text/plain", "")).startswith("Passed: "):
            judged = data.get(CHECKED, {}).get("answer", "")
            passed = not judged or judged in map(digest_of, cells)
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
