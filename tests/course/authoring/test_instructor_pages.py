"""The instructor's page of each lesson says what lesson, answer bank and catalogue say today."""

import re

import pytest

from course.authoring import UsageError, build, instructor_pages
from course.authoring.instructor_pages import DISCUSSION, SHOWN, link_to, page, page_path
from course.lessons.lesson02.misconceptions import MISCONCEPTIONS
from course.paths import ROOT

LESSONS = build.lessons()
QUOTE = re.compile(r'"([^"]+)"')
QUESTION = re.compile(r"^- \*\*[^*]+\?\*\* \S.*\(\[[^\]]+\]\(\S+\)\)$")


def discussed(lesson):
    """The lines of the part that people wrote."""
    words = page_path(lesson).read_text(encoding="utf-8").split(DISCUSSION)[1]
    return [line for line in words.splitlines() if line]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_page_is_made_from_the_lesson_of_today(lesson):
    assert page_path(lesson).read_text(encoding="utf-8") == page(lesson), "run `make build`"
    assert page(lesson).count("\n") < 100


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_to_discuss_quotes_the_lesson_as_it_is(lesson):
    lines = discussed(lesson)
    assert 3 <= len(lines) <= 6
    text = build.text_path(lesson).read_text(encoding="utf-8")
    for line in lines:
        assert QUESTION.match(line), f"a question, an answer and a link: {line}"
        for quote in QUOTE.findall(line):
            assert quote in text, f"{lesson} does not say: {quote}"


def test_the_time_plan_ends_when_the_lesson_does():
    for lesson in LESSONS:
        notebook = build.source_notebook(lesson)
        minutes = int(instructor_pages.TOTALS.search(notebook.cells[0].source)[1])
        end = int(re.search(r"^\| (\d+) \| End", page(lesson), re.M)[1])
        assert minutes - 6 <= end <= minutes + 3, lesson
        exercises = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        stated = sum(cell.source.count("### Exercise") for cell in exercises)
        listed = re.findall(r"Exercise[^:|]*: [^|;]+: \d+ min, \w+, \d+ points?", page(lesson))
        assert len(listed) == stated


def test_an_exercise_shows_the_misconceptions_that_most_answers_of_the_bank_have(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(instructor_pages, "ANSWERS", tmp_path)
    folder = tmp_path / "02-freeze" / "wrong" / "probe"
    folder.mkdir(parents=True)
    names = list(MISCONCEPTIONS)[: SHOWN + 1]
    *others, most = names
    for number, code in enumerate([*others, most, most, *["wrong-result"] * 5]):
        (folder / f"{number}.py").write_text(f"# misconception: {code}\n")
    found = [code for code, _ in instructor_pages.most_met("02-freeze", "probe")]
    assert found == [most, *others[: SHOWN - 1]]


def test_what_people_wrote_is_kept_and_never_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(instructor_pages, "PAGES", tmp_path)
    path = page_path("02-freeze")
    assert page("02-freeze").endswith(f"\n{DISCUSSION}\n")
    path.write_text(f"old\n\n{DISCUSSION}\n\n- **Why?** Because.\n")
    assert page("02-freeze").endswith(f"\n{DISCUSSION}\n\n- **Why?** Because.\n")
    path.write_text("- **Why?** Because.\n")
    with pytest.raises(UsageError, match="put it back"):
        page("02-freeze")


def test_a_heading_gets_the_address_that_github_gives_it():
    told = link_to("02-freeze", "Not every head is called `fc`?")
    assert told == "../../source/02-freeze/02-freeze.md#not-every-head-is-called-fc"
    assert (ROOT / "docs" / "instructor" / link_to("02-freeze")).exists()
