"""The instructor's page of each lesson, docs/instructor/NN-name.md.

The time plan is computed from the lesson's text. What the class will get wrong is read from the
answer bank and the catalogue of misconceptions. What stands from DISCUSSION on is written by
people, and is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from course.authoring import UsageError, build
from course.authoring.minutes import Count, count
from course.checking.entry import COMMON
from course.checking.misconception import CATALOGUE
from course.paths import ANSWERS, ROOT
from nbjudge.answer_bank import EXPECTED
from nbjudge.files import replace_text

PAGES = ROOT / "docs" / "instructor"
DISCUSSION = "## What to discuss"
SHOWN = 3  # misconceptions of an exercise, at most
HEADER = re.compile(r"^# (.+)$", re.M)
SECTION = re.compile(r"^## (.+)$", re.M)
EXERCISE = re.compile(r"^### (Exercise.*)\n\n\*(\d+) minutes? · (\w+) · (\d+ points?)", re.M)
TOTALS = re.compile(r"\*About (\d+) minutes · (\d+ points?)\*")
UNTIMED = ("Sources", "What we learnt")


class Section(NamedTuple):
    """What a lesson has under one heading of the second level."""

    heading: str
    cells: list[NotebookNode]

    @property
    def load(self) -> Count:
        """What it asks of its reader."""
        return count(new_notebook(cells=self.cells))


def write_pages() -> None:
    """Write each lesson's page anew; what people wrote on it is kept."""
    for lesson in build.lessons():
        path = page_path(lesson)
        text = page(lesson)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            replace_text(path, text)


def page_path(lesson: str) -> Path:
    """Where the lesson's page is."""
    return PAGES / f"{lesson}.md"


def page(lesson: str) -> str:
    """The page of a lesson as Markdown.

    Raises UsageError if the page that is there has lost the heading of its last part.
    """
    notebook = build.source_notebook(lesson)
    header = notebook.cells[0].source
    minutes, points = TOTALS.search(header).groups()
    parts = [
        f"# {HEADER.search(header)[1]}: for the instructor",
        f"[The lesson]({link_to(lesson)}) takes a learner about {minutes} minutes and gives "
        f"{points}. `make build` renews this page, except for its last part.",
        *time_plan(lesson, sections(notebook)),
        *wrong_ideas(lesson, notebook),
        discussion(lesson),
    ]
    return "\n\n".join(parts).rstrip() + "\n"


def discussion(lesson: str) -> str:
    """The part of the page that people write; of a new lesson, a heading alone."""
    path = page_path(lesson)
    if not path.exists():
        return DISCUSSION
    _, heading, words = path.read_text(encoding="utf-8").partition(DISCUSSION)
    if not heading:
        raise UsageError(
            f"{path} has no heading '{DISCUSSION}': put it back, above what people wrote. What "
            "stands above it is written anew"
        )
    return heading + words


def link_to(lesson: str, heading: str = "") -> str:
    """The address of a lesson's heading, from docs/instructor, as GitHub names headings."""
    words = re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-")
    return f"../../source/{lesson}/{lesson}.md" + f"#{words}" * bool(heading)


# ---- time plan -----------------------------------------------------------------------------------


def sections(notebook: NotebookNode) -> list[Section]:
    """The sections of a lesson that take time, in order; the first one has no heading."""
    found = [Section("", [])]
    for cell in notebook.cells:
        heading = SECTION.search(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            found.append(Section(heading[1], []))
        found[-1].cells.append(cell)
    return [section for section in found if section.heading not in UNTIMED]


def time_plan(lesson: str, parts: list[Section]) -> Iterator[str]:
    """Yield the paragraphs of the time plan."""
    yield "## Time plan"
    yield (
        "For a class that works alone: 140 words a minute, 6 seconds for a line of given code, and "
        "each exercise as long as its statement says. Sources and summary are not counted."
    )
    rows = ["| at minute | section | exercises: minutes, difficulty, points |", "|---|---|---|"]
    at = 0.0
    starts = []
    for section in parts:
        starts.append(round(at))
        name = section.heading or "Start"
        rows.append(
            f"| {round(at)} | [{name}]({link_to(lesson, section.heading)}) "
            f"| {exercises_in(section)} |"
        )
        at += section.load.minutes
    rows.append(f"| {round(at)} | End | |")
    yield "\n".join(rows)
    if at > 60:
        nearest = min(range(len(starts)), key=lambda place: abs(starts[place] - at / 2))
        name = parts[nearest].heading
        yield (
            f"In two sittings: stop before [{name}]({link_to(lesson, name)}), after "
            f"{starts[nearest]} minutes; {round(at) - starts[nearest]} are left."
        )


def exercises_in(section: Section) -> str:
    """The exercises of a section, for a cell of the table."""
    text = "\n\n".join(cell.source for cell in section.cells if cell.cell_type == "markdown")
    found = []
    for title, minutes, difficulty, points in EXERCISE.findall(text):
        found.append(f"{title}: {minutes} min, {difficulty}, {points}")
    return "; ".join(found)


# ---- what the class will get wrong ---------------------------------------------------------------


def wrong_ideas(lesson: str, notebook: NotebookNode) -> Iterator[str]:
    """Yield the paragraphs about misconceptions."""
    yield "## What the class will get wrong"
    yield (
        "The answer bank has a wrong answer for each way that we know. Here are, for each "
        f"exercise, the {SHOWN} misconceptions with the most wrong answers there, and what the "
        "check tells the learner. The link leads to the paragraph that treats it; the code is the "
        "one in the grading report, and leads to a wrong answer."
    )
    rows = ["| exercise | what the check tells the learner | code |", "|---|---|---|"]
    for exercise, title in exercise_titles(notebook).items():
        for code, example in most_met(lesson, exercise):
            entry = CATALOGUE[code]
            told = in_a_table(entry.title)
            if entry.read:
                there, _, heading = entry.read.partition(": ")
                told += f" ([read]({link_to(there, heading)}))"
            answer = f"../../{example.relative_to(ROOT).as_posix()}"
            rows.append(f"| {title} | {told} | [`{code}`]({answer}) |")
            title = ""  # once for all of its rows
    yield "\n".join(rows)


def exercise_titles(notebook: NotebookNode) -> dict[str, str]:
    """{answer cell's grade_id: the number or name of its exercise}, in order."""
    titles = {}
    title = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^### (Exercise.*)$", cell.source, re.M):
                title = heading.removeprefix("Exercise ").removeprefix("Exercise: ")
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            titles[cell.id] = title
    return titles


def most_met(lesson: str, exercise: str) -> list[tuple[str, Path]]:
    """(code, a wrong answer) of the misconceptions with the most wrong answers in the bank.

    Codes that say nothing about the subject, such as a forgotten `return`, are left out if there
    are others. Where two have as many answers, the catalogue's order decides.
    """
    answers: dict[str, list[Path]] = {}
    for path in sorted((ANSWERS / lesson / "wrong" / exercise).glob("*.py")):
        code = EXPECTED.match(path.read_text(encoding="utf-8"))[1]
        answers.setdefault(code, []).append(path)
    order = list(CATALOGUE)
    codes = [code for code in answers if code not in COMMON] or list(answers)
    ranked = sorted(codes, key=lambda code: (-len(answers[code]), order.index(code)))
    return [(code, answers[code][0]) for code in ranked[:SHOWN]]


def in_a_table(text: str) -> str:
    """Text without the sign that would end a cell of a table."""
    return text.replace("|", "\\|")
