"""Which page of the site shows which file of the repository, and links from page to page."""

import os
import posixpath
import re
from functools import cache
from pathlib import PurePosixPath

from course.authoring import build
from course.paths import ANSWERS, ROOT

MISCONCEPTIONS = "misconceptions.md"
IMAGES = "images"  # the site's folder for the documents' images
# a link, or a code span, in which nothing is a link
LINK = re.compile(r"`[^`\n]*`|(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
# an image for light and one for dark pages, as GitHub shows them
PICTURE = re.compile(
    r'<picture><source [^>]*srcset="([^"]+)"><img src="([^"]+)" alt="([^"]*)"></picture>'
)
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
DOCUMENTS = {  # those that are not found by their folder
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "nbjudge/README.md": "nbjudge.md",
    "deploy/README.md": "deploy.md",
}


def lesson_page(lesson: str) -> str:
    """The page of a lesson."""
    return f"lessons/{lesson}.ipynb"


def answers_page(lesson: str) -> str:
    """The page of a lesson's answer bank."""
    return f"answers/{lesson}.md"


@cache
def pages() -> dict[str, str]:
    """{file of the repository: the page that shows it}, relative names with slashes."""
    found = dict(DOCUMENTS)
    for path in sorted((ROOT / "docs").glob("*.md")):
        found[f"docs/{path.name}"] = path.name
    for path in sorted((ROOT / "docs" / "instructor").glob("*.md")):
        name = "index.md" if path.name == "README.md" else path.name
        found[f"docs/instructor/{path.name}"] = f"instructor/{name}"
    for path in sorted((ROOT / "course" / "vision").rglob("*.md")):
        file = path.relative_to(ROOT).as_posix()
        found[file] = f"cards/{path.parent.name}.md"
    for lesson in build.lessons():
        found[f"source/{lesson}/{lesson}.md"] = lesson_page(lesson)
        found[f"source/{lesson}/{lesson}.ipynb"] = lesson_page(lesson)
        found[f"release/{lesson}/{lesson}.ipynb"] = lesson_page(lesson)
        found[f"solutions/{lesson}.ipynb"] = lesson_page(lesson)
        found[f"tests/answers/{lesson}"] = answers_page(lesson)
    return found


def slug(heading: str) -> str:
    """What the address of a heading ends with, as GitHub and MyST name headings."""
    return re.sub(r"[^\w\s-]", "", heading.strip().lower()).replace(" ", "-")


def link(page: str, target: str, anchor: str = "") -> str:
    """The address of a page, from another page."""
    return os.path.relpath(target, posixpath.dirname(page) or ".") + f"#{anchor}" * bool(anchor)


def anchor_of_answer(lesson: str, kind: str, exercise: str, name: str) -> str:
    """The target of an answer on the page of its lesson's answer bank."""
    return f"{kind}-{lesson}-{exercise}-{name}".replace("_", "-").lower()


def reading_link(page: str, read: str) -> str:
    """The address of the heading in "01-replace-the-head: Off with it", as the catalogue has it."""
    lesson, _, heading = read.partition(": ")
    return link(page, lesson_page(lesson), slug(heading))


def relinked(text: str, file: str, page: str) -> str:
    """The Markdown of a file of the repository with links that lead to pages of the site.

    file: its name in the repository; page: where its text is shown. A link to a file that no page
    shows becomes plain text, because the site does not have that file.
    """
    both = r"![\3](\2){.only-light}\n\n![\3](\1){.only-dark}"  # the theme chooses, not the system
    parts = FENCE.split(PICTURE.sub(both, text))
    for place, part in enumerate(parts):
        if not part.startswith("```"):
            parts[place] = LINK.sub(lambda found: _relinked(found, file, page), part)
    return "".join(parts)


def _relinked(found: re.Match[str], file: str, page: str) -> str:
    image, words, address = found.groups()
    if address is None or "://" in address or address.startswith(("#", "mailto:")):
        return found[0]
    target, _, anchor = address.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), target))
    if image:
        return f"![{words}]({link(page, f'{IMAGES}/{PurePosixPath(path).name}')})"
    shown = pages().get(path) or pages().get(f"{path}/README.md")
    if shown:
        # JupyterLab's addresses of headings keep capitals
        anchor = slug(anchor) if shown.endswith(".ipynb") else anchor
        return f"[{words}]({link(page, shown, anchor)})"
    if (ROOT / path).is_relative_to(ANSWERS) and path.endswith(".py"):
        lesson, kind, exercise, _ = PurePosixPath(path).parts[-4:]
        return f"[{words}](#{anchor_of_answer(lesson, kind, exercise, PurePosixPath(path).stem)})"
    return words
