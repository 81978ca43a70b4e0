"""The pages that show the repository's documents: for instructors, contributors and auditors."""

from course.authoring.site import places
from course.paths import ROOT

FRONT = "README.md"  # the site has a front page of its own


def documents() -> dict[str, str]:
    """{page: its Markdown} of all documents that are shown as they are."""
    found = {}
    for file, page in places.pages().items():
        if page.endswith(".md") and (ROOT / file).is_file() and file != FRONT:
            found[page] = text_of(file, page)
    return found


def text_of(file: str, page: str) -> str:
    """A document with the site's links."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return places.relinked(text, file, page)
