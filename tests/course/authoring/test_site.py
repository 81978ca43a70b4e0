"""The site, as `make site` builds it: its links, its lessons, and what a reader's browser sees."""

import gzip
import http.server
import re
import threading
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from course.authoring import build as lessons
from course.authoring.edition import give_out_catalogue
from course.checking.look_up import PAGE
from course.checking.misconception import CATALOGUE
from course.checking.quiz import Question
from course.paths import ROOT
from tests.support.lesson_page import NEEDS_BROWSER, offences

pytest.importorskip("myst_nb", reason="the extra `site` is not installed: make site")
pytest.importorskip("pydata_sphinx_theme", reason="the extra `site` is not installed: make site")

from course.authoring.site import places, quizzes
from course.authoring.site.build import build

# myst-parser's, of a part of Sphinx that will change
pytestmark = pytest.mark.filterwarnings("ignore:.*Check CHANGES for Sphinx API modifications")
TABLET = 820
LOOKS = {390: "dark", TABLET: "light", 1440: "light"}  # {width: theme}; 390 is a phone
FIRST_PAGE = 500_000  # bytes that a host sends for the first page, at most
IN_BROWSER = {  # {page: the part of it that axe looks at}; a part of the longest page is like all
    "index.html": "body",
    "lessons/02-freeze.html": "body",
    "misconceptions.html": "#start-here",
    "search.html": "body",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; each warning of Sphinx fails here."""
    return build(tmp_path_factory.mktemp("site"), quiet=True)


class Parts(HTMLParser):
    """The targets of a page and the addresses that it names."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.addresses = set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.addresses.append(value)


@pytest.fixture(scope="module")
def pages(site):
    """{path of a page: its Parts}."""
    return {path: Parts(path) for path in site.rglob("*.html") if "_static" not in path.parts}


def test_each_internal_link_leads_to_a_page_and_an_anchor(pages):
    broken = []
    for page, parts in pages.items():
        for address in parts.addresses:
            split = urlsplit(address)
            if split.scheme or split.netloc:
                continue
            target = (page.parent / unquote(split.path)).resolve() if split.path else page
            if not target.is_file():
                broken.append(f"{page.name}: {address} is no file")
            elif split.fragment and target.suffix == ".html":
                if unquote(split.fragment) not in pages[target].ids:
                    broken.append(f"{page.name}: {address} is no anchor")
    assert broken == []
    assert len(pages) > 40


def test_no_page_loads_anything_from_another_host(site):
    elsewhere = []
    loads = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=\"(https?:[^\"]+)")
    for path in site.rglob("*.html"):
        elsewhere += loads.findall(path.read_text(encoding="utf-8"))
    for path in site.rglob("*.css"):
        elsewhere += re.findall(r"url\([\"']?(https?:[^)]+)\)", path.read_text(encoding="utf-8"))
    assert elsewhere == []


@pytest.mark.parametrize("lesson", lessons.lessons())
def test_a_lesson_has_outputs_folded_answers_and_a_quiz_that_explains(site, lesson):
    page = (site / "lessons" / f"{lesson}.html").read_text(encoding="utf-8")
    notebook = lessons.source_notebook(lesson)
    exercises = [
        cell.id for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    assert page.count("<summary>Our solution</summary>") == len(exercises)
    assert page.count("What the check can tell you") >= 1
    assert page.count("<summary>Hint 1 of ") == len(lessons.hints(lesson))
    assert page.count('class="check passed"') >= 1
    assert "../figures/" in page or lesson.startswith("00")
    assert "data:image/png" not in page, "images are files, which load when they come into view"
    asked = quizzes.Quizzes()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            asked.asked_by(cell.source)
    if asked.names:
        questions = [item for item in asked.names["quiz"].QUESTIONS if isinstance(item, Question)]
        options = sum(len(question.options) for question in questions)
        assert page.count('<details class="option') >= options
        assert page.count('<details class="option right"') >= len(questions)


def test_each_misconception_has_an_anchor_and_lessons_link_to_it(site, pages, tmp_path):
    assert pages[site / "misconceptions.html"].ids >= set(CATALOGUE)
    give_out_catalogue(tmp_path)
    ours, theirs = (
        re.sub(r"\n\nFound in: .+|\]\(\S+\)", "", path.read_text(encoding="utf-8")).strip()
        for path in (site.parent / "pages" / PAGE, tmp_path / PAGE)
    )
    assert ours == theirs, "learners have the site's page, with links of their own"
    linked = set()
    for page in (site / "lessons").glob("*.html"):
        linked |= {urlsplit(address).fragment for address in pages[page].addresses}
    with_answers = {
        path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# misconception: ").strip()
        for path in (ROOT / "tests" / "answers").glob("*/wrong/*/*.py")
    }
    assert with_answers & set(CATALOGUE) <= linked


def test_a_link_to_a_file_without_a_page_becomes_text():
    text = "[the card](../course/vision/weights/README.md), [tests](../tests/attacks), `[a](b)`"
    shown = places.relinked(text, "docs/trust.md", "trust.md")
    assert shown == "[the card](cards/weights.md), tests, `[a](b)`"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as hosts of pages do: text is compressed."""

    def do_GET(self):
        path = self.translate_path(self.path)
        if not path.endswith((".html", ".css", ".js")) or not Path(path).exists():
            return super().do_GET()
        body = gzip.compress(Path(path).read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture(scope="module")
def address(site):
    """Where the site is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def needs_browser(test):
    """Mark a test that opens pages."""
    for mark in NEEDS_BROWSER:
        test = mark(test)
    return test


@needs_browser
def test_the_first_page_is_small_and_asks_no_other_host(address, new_page):
    page = new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{address}/index.html", wait_until="networkidle")
    sizes = [answer.request.sizes() for answer in answers]
    assert all(answer.url.startswith((address, "data:")) for answer in answers)
    assert all(answer.status == 200 for answer in answers)
    assert sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes) < FIRST_PAGE


@needs_browser
@pytest.mark.parametrize("name", IN_BROWSER)
def test_a_page_fits_each_width_and_axe_finds_nothing_serious(address, new_page, name):
    page = new_page()
    found = []
    for width, theme in LOOKS.items():
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}/{name}")
        assert page.locator("html").get_attribute("data-theme") == theme
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found.append(f"{wide} pixels too wide at {width}")
        if width != TABLET:
            found += [
                f"{theme}, {width}: {offence}" for offence in offences(page, IN_BROWSER[name])
            ]
    assert found == []


@needs_browser
def test_an_option_of_a_quiz_opens_its_explanation_by_keyboard(address, new_page):
    page = new_page()
    page.goto(f"{address}/lessons/02-freeze.html")
    option = page.locator("details.option").first
    option.locator("summary").focus()
    page.keyboard.press("Enter")
    assert option.get_by_text(re.compile("^(Right|Not this one)\\.")).is_visible()


@needs_browser
def test_search_finds_a_code(address, new_page):
    page = new_page()
    page.goto(f"{address}/search.html?q=backbone-not-frozen")
    page.locator("#search-results a", has_text="Misconceptions").first.wait_for()


@needs_browser
def test_paper_is_light_and_shows_what_is_folded(address, new_page):
    page = new_page(color_scheme="dark")
    page.goto(f"{address}/lessons/00-start-here.html")
    folded = page.locator("details.solution pre").first
    assert not folded.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert folded.is_visible()
    assert not page.locator(".bd-header").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") == "dark"
