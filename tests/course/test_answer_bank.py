"""The proof of the grader: every lesson's answer bank, reference and untouched release.

`make answers` also shows that no answer spoils another exercise of its sheet.
"""

import pytest

from course.authoring.build import lessons, write_sources
from course.authoring.thresholds import margins
from course.paths import ANSWERS, ROOT
from nbjudge.answers import prove


@pytest.mark.parametrize("lesson", lessons())
def test_every_wrong_answer_fails_with_its_code_and_every_right_one_passes(lesson):
    write_sources()
    assert prove(ROOT, [lesson], ANSWERS, reference_once=True), "the matrix above names the answers"


def test_thresholds_leave_room_on_both_sides():
    for margin in margins(seeds=2):
        assert margin.lowest > margin.threshold.required + 0.05, margin
        assert margin.wrong < margin.threshold.required - 0.05, margin
