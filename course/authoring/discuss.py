"""The paragraph of the lessons that treats a misconception, for the report's last part."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from course.checking.misconception import CATALOGUE
from course.paths import SOURCE
from nbjudge.reporting.page import Paragraph

LONGEST = 1500  # letters, after which whole blocks of text are left out
NAMES_NOTHING = {"wrong-result"}  # says only that no known misconception explains a result

HEADING = re.compile(r"^#{1,6} +(.+?)\s*$")
EFFORT = re.compile(r"^\*\d+ minutes?[^*]*\* *")  # before an exercise: *3 minutes · easy · ...*


def explain(code: str) -> Paragraph | None:
    """Return where the course treats a misconception, and what it says there.

    None for a code that the catalogue does not have, or that names no misunderstanding.
    """
    if code not in CATALOGUE or code in NAMES_NOTHING:
        return None
    place = CATALOGUE[code].read
    lesson, _, heading = place.partition(": ")
    path = SOURCE / lesson / f"{lesson}.md"
    return Paragraph(place, section_of(path, heading))


@lru_cache
def section_of(path: Path, heading: str) -> str:
    """Return the text below a heading up to the next one: its prose, without code.

    Where the next heading follows at once, it is the text below that one. Raises KeyError for a
    heading that the file does not have.
    """
    found = False
    blocks: list[str] = []
    for title, prose in sections(path.read_text(encoding="utf-8")):
        found = found or plain(title) == plain(heading)
        if found and prose:
            blocks = prose
            break
    if not blocks:
        raise KeyError(f"{path.name}: there is no heading {heading!r}")
    return shortened([EFFORT.sub("", block) for block in blocks])


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (heading, blocks of prose below it) of a lesson's Markdown."""
    title = ""
    blocks: list[list[str]] = [[]]
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and (match := HEADING.match(line)):
            yield title, ["\n".join(block) for block in blocks if block]
            title, blocks = match[1], [[]]
        elif not fenced and line.strip():
            blocks[-1].append(line.lstrip("> ").rstrip())
        else:
            blocks.append([])
    yield title, ["\n".join(block) for block in blocks if block]


def plain(heading: str) -> str:
    """Return a heading as the catalogue writes it, without backticks."""
    return heading.replace("`", "").strip()


def shortened(blocks: list[str]) -> str:
    """Return the first blocks of text, as many as fit into LONGEST letters, and at least one."""
    kept: list[str] = []
    for block in blocks:
        if kept and sum(map(len, kept)) + len(block) > LONGEST:
            break
        kept.append(block)
    return "\n\n".join(kept)
