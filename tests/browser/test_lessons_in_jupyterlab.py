"""A learner's first minutes: in JupyterLab, with the mouse, with the keyboard alone, in light and dark, and on exported pages."""

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from course.authoring import build
from course.checking import panel
from tests.support.lesson_page import CHROMIUM, LessonPage, offences, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium or Chrome here: install one to run the browser tests"
    ),
]
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"
CHECK = "check.count_parameters("
FEEDBACK = {
    "nbgrader": {"notebook": "page", "score": 0, "max_score": 1, "late_penalty": 0}
}  # what its template asks for


def feedback_exporter():
    """An exporter as nbgrader makes it for generate_feedback."""
    return HTMLExporter(config=GenerateFeedback(CourseDirectory()).config)


def test_the_first_minute(jupyter, chromium):
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    lesson = LessonPage(page, jupyter)
    assert page.locator(".jp-NotebookPanel h1").inner_text().startswith("00 Start here")

    assert lesson.run("self_check()").get_by_text("Backbone:").inner_text().count("[  OK  ]") == 5

    answer, check = lesson.run("def count_parameters"), lesson.run(CHECK)
    check.locator(".check").get_by_text("Not answered yet.").wait_for()
    lesson.answer("def count_parameters", WRONG)
    lesson.run(CHECK)
    panel = check.locator(".check.failed").filter(has_text="Observed")
    panel.wait_for()
    assert (
        "A tensor is not one parameter" in panel.inner_text() and "you say 62" in panel.inner_text()
    )
    assert not check.locator(".jp-OutputArea-output[data-mime-type$=stderr]").is_visible(), (
        "the panel says it all"
    )
    lesson.in_both_themes(
        lambda theme: (
            picture(f"failed-check-{theme}", page, answer, check),
            none(offences(page, ".check")),
        )
    )

    page.get_by_role("button", name="Validate").click()
    said = page.locator(".jp-Dialog").filter(has_text="Validation Results")
    said.wait_for()
    assert (
        "A tensor is not one parameter: count the numbers inside it" in said.inner_text()
        and "you say 62" in said.inner_text()
    )
    page.keyboard.press("Enter")

    panel.get_by_role("link").click()
    page.get_by_role("heading", name="An answer and its check").wait_for()

    lesson.answer("def count_parameters", RIGHT)
    lesson.run(CHECK)
    check.locator(".check.passed").wait_for()
    assert "11,689,512" in check.locator(".check.passed").inner_text()
    lesson.in_both_themes(
        lambda theme: (
            picture(f"passed-check-{theme}", page, answer, check),
            none(offences(page, ".check")),
        )
    )

    page.keyboard.press("Control+s")
    lesson.run("lesson_map()").locator(".lesson-map").get_by_text("1 of 1", exact=True).wait_for()
    none(offences(page, ".lesson-map"))
    assert page.locator(".Toastify__toast").count() == 0, "nobody asks for news"
    elsewhere = [
        url for url in asked if not url.startswith((jupyter.split("/lab/")[0], "data:", "blob:"))
    ]
    assert not elsewhere, "nothing is fetched from, or sent to, anywhere else"


def none(found):
    assert not found, "\n".join(found)


def test_hints_open_one_by_one(jupyter, chromium):
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    LessonPage(page, jupyter)
    hints = page.locator(".jp-MarkdownCell", has_text="Exercise: count").locator("summary")
    assert [hint.is_visible() for hint in hints.all()] == [True, False, False]
    hints.nth(0).click()
    assert [hint.is_visible() for hint in hints.all()] == [True, True, False]


def test_the_quiz_by_keyboard_alone(jupyter, chromium):
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    lesson = LessonPage(page, jupyter.replace("00-start-here", "01-replace-the-head"))
    page.keyboard.press("Control+b")  # the list of files goes
    lesson.run("import torchvision")
    lesson.run("plots.pictures(train").get_by_role("img").wait_for()
    lesson.in_both_themes(lambda theme: picture(f"lesson-01-{theme}", page))
    cell = lesson.run("ask(quiz.QUESTIONS)")
    quiz = cell.locator(".quiz")
    quiz.get_by_role("radio").first.wait_for()
    page.keyboard.press("Escape")

    def tab_to(role, name):
        for _ in range(20):
            page.keyboard.press("Tab")
            here = quiz.get_by_role(role, name=name)
            if here.count() and here.first.evaluate(
                "element => element === document.activeElement"
            ):
                return
        raise AssertionError(f"Tab does not come to the {role} {name!r}")

    tab_to("radio", "The new head makes the model much smaller")
    page.keyboard.press("Space")
    tab_to("button", "Check")
    page.keyboard.press("Space")
    quiz.get_by_text("Not this one.").first.wait_for()
    lesson.in_both_themes(
        lambda theme: (picture(f"quiz-{theme}", page, quiz), none(offences(page, ".quiz")))
    )


@pytest.mark.parametrize("lesson", build.lessons())
def test_an_exported_lesson(tmp_path, chromium, lesson):
    notebook = nbformat.read(build.SOLUTIONS / f"{lesson}.ipynb", 4)
    page = chromium.new_page()
    (tmp_path / "lesson.html").write_text(HTMLExporter().from_notebook_node(notebook)[0])
    page.goto((tmp_path / "lesson.html").as_uri())
    assert (
        page.locator(".check.passed").first.is_visible()
        and page.locator("summary").first.is_visible()
    )
    none(offences(page, ".jp-OutputArea-output"))


@pytest.mark.parametrize(
    "exporter", [HTMLExporter, feedback_exporter], ids=["nbconvert", "nbgrader's feedback"]
)
def test_an_exported_failure(tmp_path, monkeypatch, chromium, exporter):
    shown = []
    monkeypatch.setattr(
        panel,
        "display",
        lambda bundle, raw: shown.append(nbformat.v4.new_output("display_data", bundle)),
    )
    monkeypatch.setattr(panel.InteractiveShell, "initialized", lambda: True)
    panel.not_yet("`this`, not that", "for resnet18 62", "00-start-here: An answer and its check")
    shown.append(
        nbformat.v4.new_output(
            "error", ename="Misconception", evalue="that", traceback=["Not yet. That in plain text"]
        )
    )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("check()", outputs=shown, metadata={"nbgrader": {}})]
    )
    page = chromium.new_page()
    (tmp_path / "page.html").write_text(exporter().from_notebook_node(notebook, FEEDBACK)[0])
    page.goto((tmp_path / "page.html").as_uri())
    assert (
        page.locator(".check.failed").is_visible()
        and page.get_by_text("for resnet18 62").is_visible()
    )
    assert not page.get_by_text("That in plain text").is_visible(), "said once"
    none(offences(page, ".check"))
