"""A learner's first minutes: in JupyterLab, by mouse or keyboard alone, and on exported pages.

Each page is looked at in the light and the dark theme.
"""

import json
import re
from collections import Counter

import nbformat
import pytest
import torch
from nbconvert import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from playwright.sync_api import expect

from course.authoring import build
from course.checking import panel
from course.notebook import plots
from course.notebook.plots import charts, style
from tests.support.lesson_page import (
    CONTRAST,
    NEEDS_BROWSER,
    LessonPage,
    offences,
    parts_for_instructors,
    picture,
)

pytestmark = NEEDS_BROWSER
WRONG = "def count_parameters(model):\n    return len(list(model.parameters()))"
RIGHT = "def count_parameters(model):\n    return sum(t.numel() for t in model.parameters())"
CHECK = "check.count_parameters("
CHECK_01 = "check.head_inputs("
CHANGED = ".lm-TabBar-tab.lm-mod-current.jp-mod-dirty"  # the tab of a notebook that is not saved
BEFORE = "e => getComputedStyle(e, '::before').content"  # what a stylesheet puts before an element
DIAGNOSIS = ("A tensor holds many numbers: count the numbers, not the tensors", "got 62")
# what nbgrader's template of a feedback page asks for
FEEDBACK = {"nbgrader": {"notebook": "page", "score": 0, "max_score": 1, "late_penalty": 0}}


def feedback_exporter():
    """An exporter as nbgrader makes it for generate_feedback."""
    return HTMLExporter(config=GenerateFeedback(CourseDirectory()).config)


def fine(page, part):
    """Assert that axe finds nothing serious in this part of a page."""
    found = offences(page, part)
    assert not found, "\n".join(found)


def test_the_first_minute(jupyter, new_page):
    page = new_page(viewport={"width": 1200, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    lesson = LessonPage(page, jupyter)
    title = page.locator(".jp-NotebookPanel h1").inner_text()
    assert title.startswith("00 Start here")

    lesson.choose("Run", "Run All Cells")
    lesson.cell("lesson_map()").locator(".lesson-map").wait_for()  # though an exercise is open
    environment = lesson.run("self_check()").get_by_text("Backbone:").inner_text()
    assert environment.count("[  OK  ]") == 5

    answer = lesson.run("def count_parameters")
    check = lesson.run(CHECK)
    answers_and_checks_are_marked(lesson, answer, check)
    check.locator(".check").get_by_text("Not answered yet.").wait_for()
    a_wrong_answer_is_explained(page, lesson, answer, check)
    validate_says_the_same(page)

    where_it_is_explained(page, check)

    an_earlier_answer_is_not_judged(lesson, check)
    a_right_answer_passes(page, lesson, answer, check)
    page.keyboard.press("Control+s")
    progress = lesson.run("lesson_map()").locator(".lesson-map")
    progress.get_by_text("1 of 1", exact=True).wait_for()
    fine(page, ".lesson-map")
    assert page.locator(".Toastify__toast").count() == 0, "nobody asks for news"
    here = (jupyter.split("/lab/")[0], "data:", "blob:")
    elsewhere = [url for url in asked if not url.startswith(here)]
    assert not elsewhere, "nothing is fetched from, or sent to, anywhere else"


def answers_and_checks_are_marked(lesson, answer, check):
    assert "Your answer" in answer.evaluate(BEFORE)
    assert "Check: run it" in check.evaluate(BEFORE)
    assert lesson.cell("self_check()").evaluate(BEFORE) == "none"


def a_wrong_answer_is_explained(page, lesson, answer, check):
    lesson.answer("def count_parameters", WRONG)
    lesson.run(CHECK)
    panel = check.locator(".check.failed").filter(has_text="Observed")
    panel.wait_for()
    for words in DIAGNOSIS:
        assert words in panel.inner_text()
    traceback = check.locator(".jp-OutputArea-output[data-mime-type$=stderr]")
    assert not traceback.is_visible(), "the panel says it all"

    def look(theme):
        picture(f"failed-check-{theme}", page, answer, check)
        fine(page, ".check")

    lesson.in_both_themes(look)


def validate_says_the_same(page):
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog").filter(has_text="Validation Results")
    dialog.wait_for()
    for words in DIAGNOSIS:
        assert words in dialog.inner_text()
    page.keyboard.press("Enter")


def where_it_is_explained(page, check):
    links = check.locator(".check.failed").get_by_role("link")
    links.filter(has_text="An answer and its check").click()
    page.get_by_role("heading", name="An answer and its check").wait_for()
    links.filter(has_text="in the list of all misconceptions").click()
    shown = page.locator(".jp-MarkdownViewer")
    expect(shown.get_by_role("heading", name="tensors-not-numbers")).to_be_in_viewport()
    page.locator(".lm-TabBar-tab", has_text="misconceptions.md").locator(
        ".lm-TabBar-tabCloseIcon"
    ).click()


def an_earlier_answer_is_not_judged(lesson, check):
    """JupyterLab tells the kernel which cell it runs."""
    lesson.answer("def count_parameters", "def count_parameters(model:\n    return 1")
    lesson.run(CHECK)
    check.locator(".check.failed").get_by_text("The answer cell ended with SyntaxError").wait_for()


def a_right_answer_passes(page, lesson, answer, check):
    lesson.answer("def count_parameters", RIGHT)
    lesson.run(CHECK)
    panel = check.locator(".check.passed")
    panel.wait_for()
    assert "11,689,512" in panel.inner_text()

    def look(theme):
        picture(f"passed-check-{theme}", page, answer, check)
        fine(page, ".check")

    lesson.in_both_themes(look)


def test_a_browser_asks_for_the_newest_extensions(jupyter, new_page):
    """JupyterLab lets browsers keep files in a folder `static` for a year.

    The window is as narrow as a phone's: the lesson has the room of the list of files, also when a
    wide window becomes narrow. It is a workspace of its own, because the other tests expect the
    list.
    """
    page = new_page(viewport={"width": 390, "height": 800})
    caching = {}
    page.on("response", lambda answer: caching.update({answer.url: answer.headers}))
    LessonPage(page, jupyter.replace("/lab/tree/", "/lab/workspaces/phone/tree/"))
    ours = {url: headers for url, headers in caching.items() if "extensions/new-heads-" in url}
    assert len(ours) == 4, "a script and a stylesheet each"
    assert {headers["cache-control"] for headers in ours.values()} == {"no-cache"}
    expect(page.locator("#filebrowser")).to_be_hidden()
    assert page.locator(".jp-NotebookPanel").bounding_box()["width"] > 250
    page.set_viewport_size({"width": 1200, "height": 800})
    expect(page.locator("#filebrowser")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("#filebrowser")).to_be_hidden()
    page.set_viewport_size({"width": 1200, "height": 800})
    expect(page.locator("#filebrowser")).to_be_visible()
    page.keyboard.press("Control+b")
    expect(page.locator("#filebrowser")).to_be_hidden()
    for width in (390, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(500)
    expect(page.locator("#filebrowser")).to_be_hidden()  # the learner has closed it


@pytest.mark.parametrize("width", [900, 1140, 1280])
def test_code_does_not_scroll_sideways(jupyter, new_page, width):
    """In windows of a tablet's width the list of files makes room for it."""
    page = new_page(viewport={"width": width, "height": 800})
    workspace = f"/lab/workspaces/wide-{width}/tree/"
    lesson = jupyter.replace("00-start-here", "05-two-heads-one-loss")
    LessonPage(page, lesson.replace("/lab/tree/", workspace))
    list_of_files = page.locator("#filebrowser")
    expect(list_of_files).to_be_visible() if width >= 1140 else expect(list_of_files).to_be_hidden()
    too_wide = """cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"""
    assert page.locator(".jp-Notebook .cm-scroller").evaluate_all(too_wide) == 0


def test_plots_of_a_solution_are_dark_on_a_dark_page(jupyter, new_page):
    """JupyterLab removes the stylesheets in a notebook that was run elsewhere."""
    page = new_page(viewport={"width": 1200, "height": 900})
    solution = json.loads(build.solution_path("01-replace-the-head").read_text())
    root, query = jupyter.split("/lab/")[0], jupyter.split("?")[1]
    page.goto(jupyter)
    body = {"type": "notebook", "format": "json", "content": solution}
    page.evaluate(
        """async ([url, body]) => {
            const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
            const headers = {"X-XSRFToken": xsrf};
            await fetch(url, {method: "PUT", headers, body: JSON.stringify(body)});
        }""",
        [f"{root}/api/contents/solution.ipynb", body],
    )
    lesson = LessonPage(page, f"{root}/lab/workspaces/solution/tree/solution.ipynb?{query}")
    lesson.theme("Dark")
    plot = page.locator("img.plot").first
    expect(plot).to_have_css("filter", f"invert({style.INVERTED}) hue-rotate(180deg)")
    lesson.theme("Light")
    expect(plot).to_have_css("filter", "none")


def test_a_lesson_that_was_only_opened(jupyter, new_page):
    """Its formulas are typeset, and it counts as unchanged.

    JupyterLab writes the version of the kernel's Python into it, and would save that.
    """
    page = new_page(viewport={"width": 1200, "height": 900})
    lesson = LessonPage(page, jupyter.replace("00-start-here", "06-metrics"))
    page.locator(".jp-MarkdownCell mjx-container").first.wait_for()
    page.wait_for_timeout(1000)
    changed = page.locator(CHANGED)
    expect(changed).to_have_count(0)
    lesson.run("import torch")
    expect(changed).to_have_count(1)


def test_a_learners_lab_has_no_parts_for_instructors(jupyter, new_page):
    page = new_page(viewport={"width": 1200, "height": 900})
    LessonPage(page, jupyter)
    page.get_by_role("button", name="Validate").wait_for()  # nbgrader itself is there
    assert [part.count() for part in parts_for_instructors(page)] == [0, 0]
    root = jupyter.split("/lab/")[0]
    for address in ("formgrader", "assignments", "courses"):
        assert page.request.get(f"{root}/{address}").status == 404


def test_hints_open_one_by_one(jupyter, new_page):
    page = new_page(viewport={"width": 1200, "height": 900})
    LessonPage(page, jupyter)
    hints = page.locator(".jp-MarkdownCell", has_text="Exercise: count").locator("summary")
    expect(hints).to_have_count(3)
    assert [hint.is_visible() for hint in hints.all()] == [True, False, False]
    hints.nth(0).click()
    assert [hint.is_visible() for hint in hints.all()] == [True, True, False]


def test_check_all(jupyter, new_page):
    """One exercise is right, one wrong and six unanswered; the cells themselves never run.

    It is a workspace of its own, because the other tests expect the list of files.
    """
    page = new_page(viewport={"width": 1200, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    address = jupyter.replace("00-start-here", "04-shared-or-copied")
    lesson = LessonPage(page, address.replace("/lab/tree/", "/lab/workspaces/check-all/tree/"))
    solved = nbformat.read(build.solution_path("04-shared-or-copied"), 4).cells
    right = next(cell.source for cell in solved if cell.id == "shared-tensors")
    lesson.answer("def shared_tensors", right)
    lesson.answer("def stored_numbers", "def stored_numbers(model):\n    return None")
    button = page.get_by_role("button", name="Check all")
    button.dblclick()
    results = page.locator("#course-results")
    results.get_by_role("status").get_by_text("3 of 20 points").wait_for()
    list_of_files = page.locator("#filebrowser")
    expect(list_of_files).to_be_hidden()  # or the code would scroll sideways
    checks = [url for url in asked if "/course/check-all" in url]
    assert len(checks) == 1, "two clicks run the checks once"
    lines = [line.inner_text().split("\t") for line in results.locator("tbody tr").all()]
    assert [line[1:] for line in lines[:4]] == [
        ["3 of 3", "✓ passed"],
        ["0 of 2", "✗ not yet"],
        [],
        ["0 of 2", "– not answered"],
    ]
    assert "None" in lines[2][0], "why it has not passed"

    def look(theme):
        picture(f"check-all-{theme}", page)
        fine(page, "#course-results")

    lesson.in_both_themes(look)
    results.get_by_role("link", name="independent branches").click()
    shown = page.locator(".jp-Notebook .jp-CodeCell.jp-mod-active")
    shown.filter(has_text="def independent").wait_for()
    assert shown.evaluate("e => e.contains(document.activeElement)")
    results.get_by_role("button", name="Close").click()
    expect(results).to_be_hidden()
    expect(list_of_files).to_be_visible()
    button.click()
    results.get_by_role("status").get_by_text("3 of 20 points").wait_for()
    expect(list_of_files).to_be_hidden()
    page.wait_for_timeout(1500)  # JupyterLab saves the workspace
    page.reload()
    expect(list_of_files).to_be_visible(timeout=150_000)


def tab_to(element):
    """Press Tab until an element has the focus."""
    for _ in range(20):
        element.page.keyboard.press("Tab")
        if element.count() and element.first.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"Tab does not come to {element}")


def test_the_quiz_by_keyboard_alone(jupyter, new_page):
    page = new_page(viewport={"width": 1000, "height": 800})
    lesson = LessonPage(page, jupyter.replace("00-start-here", "01-replace-the-head"))
    expect(page.locator("#filebrowser")).to_be_hidden()  # there is no room for it
    lesson.run("import torchvision")
    lesson.run("plots.images(train.images").get_by_role("img").first.wait_for()
    lesson.in_both_themes(lambda theme: picture(f"lesson-01-{theme}", page))
    lesson.in_both_themes(lambda theme: code_has_contrast(page))
    cell = lesson.run("ask(quiz.QUESTIONS)")
    quiz = cell.locator(".quiz")
    quiz.get_by_role("radio").first.wait_for()
    page.keyboard.press("Escape")

    tab_to(quiz.get_by_role("radio", name="The new head makes the model much smaller"))
    page.keyboard.press("Space")
    tab_to(quiz.get_by_role("button", name="Check"))
    page.keyboard.press("Space")
    quiz.get_by_text("Not this one.").first.wait_for()

    def look(theme):
        picture(f"quiz-{theme}", page, quiz)
        fine(page, ".quiz")

    lesson.in_both_themes(look)
    a_quiz_of_a_restarted_kernel_says_what_to_do(lesson, quiz)
    cells_of_a_restarted_kernel_say_what_to_run(lesson)
    a_saved_quiz_without_its_kernel_is_text(lesson)


def code_has_contrast(page):
    """Of each colour that the lesson's code has, for its first word."""
    words = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-line span")
    colours = words.evaluate_all("all => all.map(e => getComputedStyle(e).color)")
    for colour in set(colours):
        word = words.nth(colours.index(colour))
        assert word.evaluate(CONTRAST) >= 4.5, f"{word.inner_text()} in {colour}"


def a_quiz_of_a_restarted_kernel_says_what_to_do(lesson, quiz):
    """ipywidgets puts a broken chain before each widget, and its buttons do nothing."""
    lesson.choose("Kernel", "Restart Kernel…")
    lesson.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(quiz).to_have_class(re.compile("jupyter-widgets-disconnected"))
    assert "run its cell" in quiz.evaluate(BEFORE)
    parts = quiz.locator(".jupyter-widgets-disconnected").all()
    assert parts and {part.evaluate(BEFORE) for part in parts} == {"none"}
    expect(quiz.get_by_role("button", name="Check")).to_have_css("pointer-events", "none")


def cells_of_a_restarted_kernel_say_what_to_run(lesson):
    first = "The first code cell of this lesson has not run"
    expect(lesson.run(CHECK_01).get_by_text(first)).to_have_css("word-break", "normal")
    lesson.run("plots.schematic(heads").get_by_text(first).wait_for()
    lesson.run("import torchvision")
    lesson.run(CHECK_01).get_by_text("the answer cell has not run").wait_for()
    lesson.run("print(backbone.fc)").get_by_text("If a cell above defines `train`").wait_for()


def a_saved_quiz_without_its_kernel_is_text(lesson):
    lesson.page.keyboard.press("Control+s")
    expect(lesson.page.locator(CHANGED)).to_have_count(0)
    lesson.choose("Kernel", "Shut Down Kernel")
    lesson.page.reload()
    cell = lesson.cell("ask(quiz.QUESTIONS)")
    cell.get_by_text("To answer it with buttons, run its cell").wait_for()
    expect(cell.get_by_text("Error displaying widget")).to_be_hidden()


def test_a_long_title_of_an_image_is_whole(monkeypatch, new_page):
    """It takes another line, and does not run into the next image's title."""
    pages = []
    monkeypatch.setattr(charts, "display", lambda bundle, raw: pages.append(bundle["text/html"]))
    name = "heron_greatblue_flying_over_the_water_by_night"
    plots.images(torch.zeros(2, 3, 96, 96, dtype=torch.uint8), [name, name])
    page = new_page()
    page.set_content(pages[0])
    titles = page.get_by_text(name)
    assert titles.count() == 2
    for title in titles.all():
        assert title.evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize(("width", "rows"), [(830, [6, 6]), (720, [3, 3, 3, 3]), (300, [2, 1] * 4)])
def test_a_row_of_images_breaks_in_its_middle(monkeypatch, new_page, width, rows):
    """In a window of a tablet's width six images have no room, and a row may mean something."""
    pages = []
    monkeypatch.setattr(charts, "display", lambda bundle, raw: pages.append(bundle["text/html"]))
    plots.images(torch.zeros(12, 3, 64, 64, dtype=torch.uint8), columns=6)
    page = new_page(viewport={"width": width, "height": 900})
    page.set_content(pages[0])
    tops = Counter(image.bounding_box()["y"] for image in page.get_by_role("img").all())
    assert [tops[top] for top in sorted(tops)] == rows


def show(page, path, exporter, notebook, resources=None):
    """Export a notebook to a page and open it."""
    path.write_text(exporter.from_notebook_node(notebook, resources)[0])
    page.goto(path.as_uri())


@pytest.mark.parametrize("lesson", build.lessons())
def test_an_exported_lesson(tmp_path, new_page, lesson):
    notebook = nbformat.read(build.solution_path(lesson), 4)
    page = new_page()
    show(page, tmp_path / "lesson.html", HTMLExporter(), notebook)
    assert page.locator(".check.passed").first.is_visible()
    assert page.locator("summary").first.is_visible()
    fine(page, ".jp-OutputArea-output")


@pytest.fixture
def failed_check(monkeypatch):
    """A notebook with one check cell, which shows a panel and an error."""
    outputs = []

    def display(bundle, raw):
        outputs.append(nbformat.v4.new_output("display_data", bundle))

    monkeypatch.setattr(panel, "display", display)
    monkeypatch.setattr(panel.InteractiveShell, "initialized", lambda: True)
    panel.not_yet("`this`, not that", "for resnet18 62", "00-start-here: An answer and its check")
    traceback = ["Not yet. That in plain text"]
    error = {"ename": "Misconception", "evalue": "that", "traceback": traceback}
    outputs.append(nbformat.v4.new_output("error", **error))
    cell = nbformat.v4.new_code_cell("check()", outputs=outputs, metadata={"nbgrader": {}})
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize(
    "exporter", [HTMLExporter, feedback_exporter], ids=["nbconvert", "nbgrader's feedback"]
)
def test_an_exported_failure(tmp_path, failed_check, new_page, exporter):
    page = new_page()
    show(page, tmp_path / "page.html", exporter(), failed_check, FEEDBACK)
    assert page.locator(".check.failed").is_visible()
    assert page.get_by_text("for resnet18 62").is_visible()
    assert not page.get_by_text("That in plain text").is_visible(), "said once"
    fine(page, ".check")
    label, words = (page.locator(".check span").nth(number) for number in (0, 1))
    assert colour(label) == colour(words), "no style of the page's reaches the label"


def colour(element):
    """The computed colour of an element's text."""
    return element.evaluate("e => getComputedStyle(e).color")
