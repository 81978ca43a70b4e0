"""nbgrader's own pages, feedback and formgrader, with what the lessons put into them."""

from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from nbjudge.coordinator import grade
from nbjudge.coursedir.feedback import write_feedback
from nbjudge.coursedir.settings import gradebook_url, read_settings
from nbjudge.grading.options import Options
from tests.browser.conftest import running
from tests.support.lesson_page import CONTRAST, NEEDS_BROWSER, LessonPage, parts_for_instructors

pytestmark = NEEDS_BROWSER
LESSON = "ps1"
HINTS = "<details><summary>Hint 1 of 1</summary>\n\nCount.\n\n</details>"
GIVEN = """
from course.checking.quiz import ask
from course.lessons.lesson00 import checks as check
from course.notebook import plots
from course.vision.fruit import stall

plots.images(stall("train", 2).images)
plots.bars({"a": 0.5})
ask("in_features")
"""
ANSWERS = {
    "ada": "def count_parameters(model):\n    return len(list(model.parameters()))",
    "ben": "def count_parameters(model):\n    return model.nothing",
}
BY_HAND = {"grade": True, "solution": True, "points": 2}
LABELS = {"ada": ["Observed", "Read"], "ben": ["Where"]}
START = """
import pathlib, sys
from course.authoring import lab
lab.ROOT = pathlib.Path(sys.argv[1])
lab.WORK = lab.ROOT / "work"
sys.exit(lab.lab("00-start-here", browser=False, instructor=True))
"""
EMPTY_BOXES = """() => [...document.querySelectorAll(".output_area")].filter(
  area => area.offsetHeight && !area.innerText.trim() && !area.querySelector("img")
).length"""


def notebook(answer):
    """A notebook: given cells, an exercise with a hint, its check, and a question for a person."""

    def cell(grade_id, source, make=new_code_cell, **kind):
        fixed = {"grade_id": grade_id, "schema_version": 3, "grade": False, "solution": False}
        metadata = {"nbgrader": {**fixed, "locked": False, "task": False, **kind}}
        return make(source, id=grade_id, metadata=metadata)

    check = "check.count_parameters(count_parameters)"
    cells = [
        new_code_cell(GIVEN, id="given"),
        new_markdown_cell(HINTS, id="statement"),
        cell("count", answer, solution=True),
        cell("check-count", check, grade=True, locked=True, points=1),
        cell("why", f"Why? In {len(answer)} letters.", new_markdown_cell, **BY_HAND),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def hand_in(root, student, answer):
    """Write what a student hands in, in place of an earlier submission."""
    folder = root / "submitted" / student / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(answer), folder / f"{LESSON}.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which two students are graded, one of whose names is known; with feedback."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    source = root / "source" / LESSON / f"{LESSON}.ipynb"
    source.parent.mkdir(parents=True)
    solution = "### BEGIN SOLUTION\ncount_parameters = len\n### END SOLUTION"
    nbformat.write(notebook(solution), source)
    for student, answer in ANSWERS.items():
        hand_in(root, student, answer)
    with Gradebook(gradebook_url(root)) as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
    grade(root, [LESSON], options=Options(workers=1))
    write_feedback(read_settings(root), [LESSON])
    return root


def is_readable(page, labels):
    """Assert what was wrong on nbgrader's pages: colours, frames, triangles and empty boxes."""
    for words in labels:
        label = page.locator(".check-label", has_text=words)
        assert label.evaluate(CONTRAST) >= 4.5, f"{words} can hardly be seen"
    images = page.locator(".output_wrapper img, .output img")
    assert images.count() == 3
    for image in images.all():
        assert image.evaluate("e => getComputedStyle(e).borderStyle") == "none", "a frame"
    for fold in page.locator("summary").all():
        assert fold.evaluate("e => getComputedStyle(e).display") == "list-item", "no triangle"
    assert page.evaluate(EMPTY_BOXES) == 0


@pytest.mark.parametrize("student", ANSWERS)
def test_feedback(course, new_page, student):
    page = new_page()
    page.goto((course / "feedback" / student / LESSON / f"{LESSON}.html").as_uri())
    is_readable(page, LABELS[student])


@pytest.fixture(scope="module")
def formgrader(course, chromium):
    """A page of the browser that is logged in, and the formgrader's address."""
    with running(START, course) as address:
        start = urlsplit(address)
        base = f"{start.scheme}://{start.netloc}/formgrader"
        with chromium.new_page() as page:
            page.request.get(address)  # log in
            page.goto(f"{base}/manage_students")
            yield page, base


def test_the_formgrader(formgrader):
    page, base = formgrader
    for table in ("manage_students", f"manage_submissions/{LESSON}"):
        page.goto(f"{base}/{table}")
        page.get_by_text("Lovelace, Ada").wait_for()
        page.get_by_role("link", name="ben").first.wait_for()
        assert "None, None" not in page.locator("body").inner_text()
    page.goto(f"{base}/gradebook/{LESSON}/{LESSON}")
    page.get_by_role("link", name="Submission #1").click()
    page.locator(".check-label").first.wait_for()
    is_readable(page, [])
    for label in page.locator(".check-label").all():
        assert label.evaluate(CONTRAST) >= 4.5


def test_the_instructors_lab(formgrader):
    """It has what a learner's lab lacks, and the course's own folder as its root."""
    page, base = formgrader
    root = base.removesuffix("/formgrader")
    LessonPage(page, f"{root}/lab/tree/source/{LESSON}/{LESSON}.ipynb")
    menu, create_assignment = parts_for_instructors(page)
    create_assignment.click()
    expect(page.locator(".nbgrader-TotalPointsInput")).to_have_value("3")
    menu.click()
    for entry in ("Assignment List", "Course List"):
        page.get_by_role("menuitem", name=entry).wait_for()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    page.frame_locator("iframe").get_by_role("link", name=LESSON).first.wait_for()


def address_of(root, student):
    """Where the formgrader shows a student's submission, below its own address."""
    with Gradebook(gradebook_url(root)) as gradebook:
        return f"submissions/{gradebook.find_submission_notebook(LESSON, LESSON, student).id}/"


def give(page, field, value):
    """Type a mark or a comment as an instructor does, and wait until it is saved."""
    page.locator(f"[id='{field}']").fill(value)
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        page.keyboard.press("Tab")
    assert saved.value.ok


def shown(page, address):
    """What an instructor sees who opens this submission: {field: value}, and what is flagged."""
    page.goto(address)
    page.wait_for_function("formgrader.grades.loaded && formgrader.comments.loaded")
    values = {field: page.locator(f"[id='{field}']").input_value() for field in GIVEN_BY_HAND}
    flagged = page.locator("input.needs_manual_grade").all()
    return values, [field.get_attribute("id") for field in flagged]


GIVEN_BY_HAND = {
    "why": "1.5",
    "why-comment": "Name the layer as well.",
    "check-count": "0.5",
    "check-count_extra_credit": "0.25",
    "count-comment": "Nearly: count the numbers.",
}


def test_marks_and_comments_given_by_hand_survive_a_regrade(course, formgrader):
    page, base = formgrader
    of_ada, of_ben = (f"{base}/{address_of(course, student)}" for student in ANSWERS)
    values, flagged = shown(page, of_ada)
    assert set(values.values()) == {""}
    assert flagged == ["why"], "the question waits for a person, the check does not"
    for field, value in GIVEN_BY_HAND.items():
        give(page, field, value)
    assert shown(page, of_ada) == (GIVEN_BY_HAND, [])
    assert set(shown(page, of_ben)[0].values()) == {""}, "Ada's marks are Ben's"

    grade(course, [LESSON], options=Options(workers=1, force=True))
    assert shown(page, of_ada) == (GIVEN_BY_HAND, []), "the same answers, the same marks"

    hand_in(course, "ada", "def count_parameters(model):\n    return 0")
    grade(course, [LESSON], options=Options(workers=1))
    assert shown(page, of_ada) == (GIVEN_BY_HAND, ["check-count", "why"]), "look at them again"
    resolve = page.locator(".mark-graded:visible")
    for left in (1, 0):
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            resolve.first.click()
        expect(resolve).to_have_count(left)
    assert shown(page, of_ada) == (GIVEN_BY_HAND, [])

    page.goto(f"{base}/manage_submissions/{LESSON}")
    row = page.locator("tr").filter(has_text="Lovelace, Ada")
    row.get_by_text("2.25 / 3").wait_for()
    write_feedback(read_settings(course), [LESSON])
    page.goto((course / "feedback" / "ada" / LESSON / f"{LESSON}.html").as_uri())
    assert "Nearly: count the numbers." in page.locator("body").inner_text()
