"""The paragraph that treats a misconception, for the report's last part."""

import pytest

from course.authoring.discuss import NAMES_NOTHING, explain, section_of
from course.checking.misconception import CATALOGUE
from course.cli import app
from course.paths import SOURCE


@pytest.mark.parametrize("code", sorted(set(CATALOGUE) - NAMES_NOTHING))
def test_the_lessons_have_a_paragraph_on_each_misconception(code):
    found = explain(code)
    assert found.place == CATALOGUE[code].read
    assert len(found.text.split()) > 8
    assert not any(mark in found.text for mark in ("```", "{code-cell}", "{points}", ":nbgrader:"))


def test_no_paragraph_for_what_names_no_misconception():
    assert explain("wrong-result") is None and explain("of another course") is None


def test_the_paragraph_is_the_one_below_the_heading():
    path = SOURCE / "01-replace-the-head" / "01-replace-the-head.md"
    text = section_of(path, "Exercise 2: parameters saved")
    assert text.startswith("We replace the 1000-class head") and "fruit" not in text
    with pytest.raises(KeyError):
        section_of(path, "Exercise 99")


def test_the_course_command_ends_its_report_with_them():
    assert app.info.context_settings["obj"].explain("softmax-in-the-head").text
