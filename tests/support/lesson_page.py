"""A lesson in JupyterLab, used as a learner uses it, by mouse and keyboard; axe looks at it."""

import contextlib
import io
import re
import shutil

import pytest
from PIL import Image
from playwright.sync_api import expect

from course.paths import ROOT

SCREENSHOTS = ROOT / "docs" / "screenshots"
# the contrast (WCAG) of an element's text with the nearest painted background
CONTRAST = """element => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = colour => parts(colour).slice(0, 3)
    .map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  let below = element;
  while (below && parts(getComputedStyle(below).backgroundColor)[3] === 0)
    below = below.parentElement;
  const paper = below ? getComputedStyle(below).backgroundColor : "rgb(255, 255, 255)";
  const both = [luminance(getComputedStyle(element).color), luminance(paper)].sort();
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""


def find_browser():
    """The path of a browser, None where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    return None


CHROMIUM = find_browser()
NEEDS_BROWSER = [  # the marks of a module that opens pages
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium or Chrome here: install one to run the browser tests"
    ),
]


class LessonPage:
    """A lesson that is open in JupyterLab."""

    def __init__(self, page, address):
        self.page = page
        page.set_default_timeout(150_000)  # a busy machine is no bug
        page.goto(address)
        page.get_by_text("| Idle").wait_for()
        # while JupyterLab restores the tabs of an earlier page, a click meets a spinner
        expect(page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Spinner")).to_have_count(
            0, timeout=150_000
        )

    def cell(self, text):
        """The code cell that holds this text in its source or output."""
        shown = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")  # not another tab's
        return shown.locator(".jp-CodeCell").filter(has_text=text).first

    def run(self, text):
        """Run this cell with the keyboard and return it; its output may still be to come.

        A page that is still being laid out loses a key now and then: a person would press it again.
        """
        cell = self.cell(text)
        number = cell.locator(".jp-InputArea-prompt").first
        before = number.inner_text()
        for patience in (5_000, 10_000, 20_000):
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                expect(number).not_to_have_text(before, timeout=patience)
                # an earlier run's number may only have been cleared
                expect(number).to_have_text(re.compile(r"\[[*\d]"), timeout=patience)
                return cell
        raise AssertionError(f"the cell with {text!r} does not run")

    def answer(self, text, source):
        """Put `source` in the place of the cell that holds this text, and run it."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Control+Enter")

    def choose(self, menu, entry):
        """Choose an entry in the menu bar."""
        self.page.locator(".lm-MenuBar-item", has_text=menu).click()
        self.page.locator(".lm-Menu-item", has_text=entry).first.click()

    def theme(self, name):
        """Choose the theme "Light" or "Dark" in the menu."""
        self.page.locator(".lm-MenuBar-item", has_text="Settings").click()
        self.page.locator(".lm-Menu-item", has_text="Theme").first.hover()
        self.page.locator(".lm-Menu-item", has_text=f"JupyterLab {name}").first.click()
        light = "true" if name == "Light" else "false"
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def in_both_themes(self, look):
        """Call look("dark"), then look("light"), each under its theme."""
        for name in ("Dark", "Light"):
            self.theme(name)
            look(name.lower())


def parts_for_instructors(page):
    """nbgrader's parts for instructors in JupyterLab: its menu, and its tab at the right."""
    return (
        page.locator(".lm-MenuBar-item", has_text="Nbgrader"),
        page.get_by_role("tab", name="Create Assignment"),
    )


def picture(name, page, *parts):
    """Keep a picture of a page, or of these parts of it, for the README.

    It is taken only where there is none of this name: delete one to renew it.
    """
    path = SCREENSHOTS / f"{name}.png"
    if not path.exists():
        screenshot = page.screenshot(clip=around(parts) if parts else None)
        image = Image.open(io.BytesIO(screenshot)).convert("RGB")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= 100_000


def around(parts):
    """The smallest rectangle that holds these parts of a page."""
    for part in parts:
        part.scroll_into_view_if_needed()
    boxes = [part.bounding_box() for part in parts]
    left = min(box["x"] for box in boxes)
    top = min(box["y"] for box in boxes)
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def offences(page, *parts):
    """What axe finds wrong in these parts of a page, if it is serious: a sentence each."""
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [[part] for part in parts]}
    found = []
    for rule in Axe().run(page, context=context).response["violations"]:
        if rule["impact"] in ("serious", "critical"):
            for node in rule["nodes"]:
                found.append(f"{rule['id']}: {rule['help']}: {node['html'][:200]}")
    return found
