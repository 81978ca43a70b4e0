"""The glossary, docs/glossary.md, with links to the paragraph that explains each word."""

import re
from pathlib import PurePosixPath

from course.authoring import UsageError
from course.authoring.build import text_path
from course.authoring.site import documents, places

FILE = "docs/glossary.md"
PAGE = "glossary.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| \[\d+\]\(([^)]+)\) \|$", re.MULTILINE)
HEADING = re.compile(r"^#{2,} (.+)$", re.MULTILINE)


def page() -> str:
    """The glossary with the site's links."""
    return ROW.sub(_row, documents.text_of(FILE, PAGE))


def _row(found: re.Match[str]) -> str:
    term, meaning, address = found.groups()
    lesson = PurePosixPath(address).stem
    heading = heading_above(term, lesson)
    where = places.link(PAGE, places.lesson_page(lesson), places.slug(heading))
    return f"| {term} | {meaning} | [{lesson[:2]}, {heading}]({where}) |"


def heading_above(term: str, lesson: str) -> str:
    """The heading under which a lesson's text has a term in bold.

    Raises UsageError if the lesson has no such place.
    """
    text = places.FENCE.sub("", text_path(lesson).read_text(encoding="utf-8"))
    found = re.search(rf"\*\*{re.escape(term)}\*\*", text, re.IGNORECASE)
    if not found:
        raise UsageError(
            f"{FILE} says that lesson {lesson} explains '{term}', and that lesson does not have it "
            "in bold: correct the glossary or the lesson"
        )
    return HEADING.findall(text[: found.start()])[-1]
