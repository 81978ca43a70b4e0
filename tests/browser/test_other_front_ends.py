"""Nothing is said twice in VS Code and Colab, as far as their pages can be made here.

Both put all outputs of a cell into one page and keep its <style>. GitHub shows no widget and no
stylesheet, so there the quiz is its text.
"""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course.checking import panel
from course.checking.quiz import Option, Question, widget
from tests.support.lesson_page import NEEDS_BROWSER

pytestmark = NEEDS_BROWSER
# the page around the outputs of a cell, around one output, and around an error
FRONT_ENDS = {
    "VS Code": (
        '<div class="cell_container">{}</div>',
        '<div class="output_container"><div class="output">{}</div></div>',
        '<div class="traceback">{}</div>',
    ),
    "Colab": (
        '<div id="output-body">{}</div>',
        '<div class="display_data">{}</div>',
        '<div class="output_subarea output_text output_error">{}</div>',
    ),
}
QUESTION = Question("One and one?", (Option("`1`", False, "No."), Option("`2`", True, "Yes.")))
ALIVE = '<div class="quiz NAME"><div class="widget-radio-box">the buttons</div></div>'


@pytest.fixture
def shown(monkeypatch):
    """The HTML of what a cell shows."""
    pages = []

    def display(bundle, raw):
        pages.append(bundle.get("text/html", ""))

    monkeypatch.setattr(panel, "display", display)
    monkeypatch.setattr(widget, "display", display)
    monkeypatch.setattr(InteractiveShell, "initialized", lambda: True)
    return pages


def lay_out(page, front_end, outputs):
    around, each, _ = FRONT_ENDS[front_end]
    page.set_content(around.format("".join(each.format(output) for output in outputs)))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_failed_check_is_said_once(new_page, shown, front_end):
    panel.not_yet("`this`, not that", "62", "00-start-here: An answer and its check")
    error = FRONT_ENDS[front_end][2].format("the words of the exception")
    page = new_page()
    lay_out(page, front_end, [*shown, error])
    assert page.locator(".check.failed").is_visible()
    assert not page.get_by_text("the words of the exception").is_visible()
    lay_out(page, front_end, [error])
    assert page.get_by_text("the words of the exception").is_visible(), "where there is no panel"


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_quiz_is_shown_once(new_page, shown, front_end):
    widget.ask(QUESTION)
    *_, text = shown
    name = widget.name_of([QUESTION])
    page = new_page()
    lay_out(page, front_end, [ALIVE.replace("NAME", name), text])
    assert page.get_by_text("the buttons").is_visible()
    assert not page.get_by_text("One and one?").is_visible()
    lay_out(page, front_end, [ALIVE.replace("NAME", "quiz-other"), text])
    assert page.get_by_text("One and one?").is_visible(), "another quiz is alive"
