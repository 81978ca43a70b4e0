"""Write all pages as Markdown and notebooks, then let Sphinx make the site of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

from course.authoring import UsageError
from course.authoring.site import (
    api,
    bank,
    catalogue,
    documents,
    glossary,
    lesson,
    places,
    structure,
)
from course.authoring.site.figures import FIGURES
from course.paths import ROOT

SITE = ROOT / "build" / "site"
CONFIGURATION = ROOT / "docs" / "site"
TERM = "instructor/index.md"  # leads to the instructor's page of each lesson


def build(folder: Path = SITE, say: Callable[[str], None] = print, quiet: bool = False) -> Path:
    """Build the site below `folder` and return the folder of its HTML.

    say: gets a line of progress now and then; quiet: Sphinx prints warnings only. Raises UsageError
    if a lesson is not executed, or if Sphinx warns: it has printed why.
    """
    pages, extra, html = folder / "pages", folder / "extra", folder / "html"
    for old in (pages, extra, html):
        shutil.rmtree(old, ignore_errors=True)
    texts = written()
    for name, text in texts.items():
        path = pages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "screenshots", pages / places.IMAGES)
    for of_lesson in bank.bank():
        say(f"{of_lesson.name} ...")
        notebook = lesson.page(of_lesson, extra / FIGURES)
        nbformat.write(notebook, pages / places.lesson_page(of_lesson.name))
    say(f"Sphinx makes {len(texts) + len(bank.bank())} pages ...")
    command = ["-b", "html", "-W", "--keep-going", "-j", "auto", "-c", str(CONFIGURATION)]
    command += ["-d", str(folder / "kept"), "-D", f"html_extra_path={extra}"]
    if build_main([*command, *["-q"] * quiet, str(pages), str(html)]):
        raise UsageError("The site is not built: each warning above is an error. Correct its page")
    return html


def written() -> dict[str, str]:
    """{page: Markdown} of all pages but the lessons."""
    texts = documents.documents() | api.pages()
    texts[places.MISCONCEPTIONS] = catalogue.page()
    texts[glossary.PAGE] = glossary.page()
    texts[bank.INDEX] = bank.index()
    for of_lesson in bank.bank():
        texts[places.answers_page(of_lesson.name)] = bank.page(of_lesson)
    names = {*texts, *(places.lesson_page(of_lesson.name) for of_lesson in bank.bank())}
    of_lessons = sorted(name for name in names if name.startswith("instructor/"))
    of_lessons.remove(TERM)
    texts[TERM] += structure.toctree(of_lessons, names, hidden=True)
    texts |= structure.section_pages(names)
    texts["index.md"] = structure.front({*texts})
    return texts
