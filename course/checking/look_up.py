"""Where a learner can look up a misconception's code: beside the lessons, or on the site."""

from pathlib import Path

from course.paths import SITE

PAGE = "misconceptions.md"  # beside the lessons' folders: `course lab` writes it into work/


def address_of(code: str) -> str:
    """Return the address of a code in the catalogue, from a lesson that runs in its own folder.

    It is that of the page beside the lessons; where there is none, that of the site; "" where there
    is neither. In grading there is no page, so feedback has no link that leads nowhere.
    """
    if Path("..", PAGE).is_file():
        return f"../{PAGE}#{code}"
    return f"{SITE.rstrip('/')}/{Path(PAGE).stem}.html#{code}" if SITE else ""
