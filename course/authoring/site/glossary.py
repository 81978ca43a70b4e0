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
    """The heading under which a lesson explains a term.

    That is where the lesson's text has it in bold; if nowhere, the first section that has it at
    all, in its heading or below it. Raises UsageError if the lesson has no such place.
    """
    text = places.FENCE.sub("", text_path(lesson).read_text(encoding="utf-8"))
    words = re.escape(term)
    start = HEADING.search(text).start()
    found = re.search(rf"\*\*{words}\*\*", text, re.IGNORECASE)
    found = found or re.compile(rf"\b{words}\b", re.IGNORECASE).search(_without_code(text), start)
    if not found:
        raise UsageError(
            f"{FILE} says that lesson {lesson} explains '{term}', and that lesson does not have "
            "this word: correct the glossary or the lesson"
        )
    return HEADING.findall(text[: text.index("\n", found.start()) + 1])[-1]


def _without_code(text: str) -> str:
    """The text with blanks in place of its code spans, each as long as the code."""
    return re.sub(r"`[^`\n]*`", lambda code: " " * len(code[0]), text)
