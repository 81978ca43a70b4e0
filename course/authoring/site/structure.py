"""The front page and the pages that head a section: what the navigation shows."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from course.authoring.site import bank, places
from course.authoring.site.places import lesson_page
from course.paths import ROOT

FRONT = ROOT / "docs" / "site" / "index.md"
LESSONS = "{lessons}"  # in FRONT: the table of lessons


class Section(NamedTuple):
    """A heading of the navigation with the pages below it."""

    page: str
    title: str
    says: str
    pages: tuple[str, ...]  # those that exist are listed, in this order


BEFORE_LESSONS = ("install.md", "lab.md")  # those that exist head the list of lessons
TEACH = Section(
    "teach.md",
    "Teach",
    "A whole term on one page, and for each lesson a time plan, what the class will get wrong and "
    "what to discuss.",
    ("instructor/index.md", "grading.md", "own-numbers.md", "deploy.md", "nbjudge.md"),
)
EVIDENCE = Section(
    "evidence.md",
    "Evidence",
    "What was measured, with the commands that measure it again.",
    ("measured.md", "trust.md", "attacks.md", "answers/index.md"),
)
API = Section(
    "api/index.md",
    "API",
    "What lessons, checks and programs of your own can import.",
    ("api/nbjudge.md", "api/checking.md", "api/notebook.md", "api/vision.md"),
)
PROJECT = Section(
    "project.md",
    "Project",
    "How to add to the course, how it handles faults, and what has changed.",
    ("contributing.md", "security.md", "changelog.md"),
)


def front(pages: set[str]) -> str:
    """The front page: docs/site/index.md with the table of lessons and the navigation."""
    text = FRONT.read_text(encoding="utf-8")
    text = places.relinked(text, FRONT.relative_to(ROOT).as_posix(), "index.md")
    text = text.replace(LESSONS, table_of_lessons("index.md"))
    heads = ["lessons/index.md", "misconceptions.md", "glossary.md", TEACH.page, EVIDENCE.page]
    return text + toctree([*heads, API.page, PROJECT.page], pages, hidden=True)


def table_of_lessons(page: str) -> str:
    """All lessons: what we do in them, how long they take, what they give."""
    rows = ["| lesson | we | minutes | points |", "|---|---|---|---|"]
    for lesson in bank.bank():
        title = f"[{lesson.title}]({places.link(page, lesson_page(lesson.name))})"
        aims = "; ".join(lesson.header.aims)
        rows.append(f"| {title} | {aims} | {lesson.header.minutes} | {lesson.header.points} |")
    return "\n".join(rows)


def section_pages(pages: set[str]) -> dict[str, str]:
    """{page: Markdown} of the pages that head a section; `pages` are the others."""
    listed = {page for section in (TEACH, EVIDENCE, API, PROJECT) for page in section.pages}
    cards = tuple(sorted(page for page in pages if page.startswith("cards/")))
    listed |= {*cards, *BEFORE_LESSONS, places.MISCONCEPTIONS, "glossary.md"}
    rest = tuple(sorted(page for page in pages - listed if "/" not in page))
    return {
        "lessons/index.md": _lessons(pages),
        TEACH.page: _head(TEACH, pages),
        EVIDENCE.page: _head(EVIDENCE._replace(pages=(*EVIDENCE.pages, *cards)), pages),
        API.page: _head(API, pages),
        PROJECT.page: _head(PROJECT._replace(pages=(*PROJECT.pages, *rest)), pages),
    }


def _lessons(pages: set[str]) -> str:
    here = "lessons/index.md"
    names = [*BEFORE_LESSONS, *(lesson_page(lesson.name) for lesson in bank.bank())]
    return f"# Lessons\n\n{table_of_lessons(here)}\n{toctree(names, pages, hidden=True)}"


def _head(section: Section, pages: set[str]) -> str:
    return f"# {section.title}\n\n{section.says}\n{toctree(section.pages, pages)}"


def toctree(names: Iterable[str], pages: set[str], hidden: bool = False) -> str:
    """Sphinx's list of the pages below a page: those of `names` that are among `pages`."""
    lines = [f"/{PurePosixPath(name).with_suffix('')}" for name in names if name in pages]
    options = ":hidden:" if hidden else ":maxdepth: 1"
    return "\n".join(["", "```{toctree}", options, "", *lines, "```", ""])
