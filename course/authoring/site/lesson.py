"""The page of a lesson: the executed notebook, with solutions folded and quizzes that answer."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course.authoring import UsageError, build
from course.authoring.site import bank, places
from course.authoring.site.figures import Figures
from course.authoring.site.places import lesson_page, link
from course.authoring.site.quizzes import Quizzes
from course.paths import ROOT

NOTE = re.compile(r"^> \*\*Note\.\*\* (.*(?:\n> ?.*)*)", re.MULTILINE)
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)

QUIZ = "Quiz"  # the heading above a lesson's quizzes


def page(lesson: bank.Lesson, figures: Path) -> NotebookNode:
    """The notebook of a lesson's page; its images are written into the folder `figures`.

    Raises UsageError if the executed lesson is missing or was made from another text.
    """
    path = build.solution_path(lesson.name)
    if build.stale(lesson.name, path):
        raise UsageError(
            f"{path.relative_to(ROOT)} is missing or older than the lesson's text: "
            "run `make build`, then `make site`"
        )
    notebook = nbformat.read(path, 4)
    shown, quizzes = Figures(figures), Quizzes()
    cells: list[NotebookNode] = []
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (HEADING.findall(cell.source) or [heading])[-1]
            cells.append(_prose(cell, lesson.name))
        elif asked := quizzes.asked_by(cell.source):
            if heading != QUIZ:
                asked[0] = f"## {QUIZ}\n\n{asked[0]}"
                heading = QUIZ
            cells += map(new_markdown_cell, asked)
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            cells.append(_solution(cell, lesson))
        else:
            cell.outputs = shown.fit(cell.outputs)
            cells.append(cell)
    cells.insert(1, _how_to_run(lesson))
    notebook.cells = cells
    notebook.metadata = {key: notebook.metadata[key] for key in ("kernelspec", "language_info")}
    return notebook


def _prose(cell: NotebookNode, lesson: str) -> NotebookNode:
    text = NOTE.sub(_as_admonition, cell.source)
    cell.source = places.relinked(text, f"solutions/{lesson}.ipynb", lesson_page(lesson))
    return cell


def _as_admonition(found: re.Match[str]) -> str:
    words = re.sub(r"^> ?", "", found[1], flags=re.MULTILINE)
    return f":::{{note}}\n{words}\n:::"


def _how_to_run(lesson: bank.Lesson) -> NotebookNode:
    start = link(lesson_page(lesson.name), "index.md", "start")
    return new_markdown_cell(
        f"You read the lesson as it ran on our machine, with solutions folded. To solve the "
        f"exercises yourself, [install the course]({start}) and run "
        f"`.venv/bin/course lab {lesson.name[:2]}`."
    )


def _solution(cell: NotebookNode, lesson: bank.Lesson) -> NotebookNode:
    """What stands below a statement: our answer, others, and what the check can find."""
    parts = [_folded("Our solution", f"```python\n{cell.source.strip()}\n```")]
    if cell.id in lesson.exercises:
        for answer in bank.others(lesson, cell.id, cell.source):
            code = f"```python\n{bank.code_of(answer)}\n```"
            parts.append(_folded(f"Also right: {bank.spoken(answer)}", code))
        parts += _misconceptions(lesson, cell.id)
    return new_markdown_cell("\n\n".join(parts))


def _misconceptions(lesson: bank.Lesson, exercise: str) -> list[str]:
    here = lesson_page(lesson.name)
    codes = dict.fromkeys(answer.expected for answer in lesson.wrong[exercise])
    lines = []
    for code in codes:
        if entry := bank.CATALOGUE.get(code):
            lines.append(f"- [{entry.title}]({link(here, places.MISCONCEPTIONS, code)})")
    if not lines:
        return []
    return [_folded(f"What the check can tell you ({len(lines)})", "\n".join(lines))]


def _folded(summary: str, text: str) -> str:
    return f'<details class="solution"><summary>{summary}</summary>\n\n{text}\n\n</details>'
