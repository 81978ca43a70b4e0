"""The proof of the grader: every lesson's answer bank, reference and untouched release through the real nbgrader."""

import pytest

from course.authoring.build import ROOT, lessons
from course.authoring.thresholds import certificate
from nbjudge.answers import prove


@pytest.mark.parametrize("lesson", lessons())
def test_every_wrong_answer_fails_with_its_code_and_every_right_one_passes(lesson):
    assert prove(ROOT, [lesson], ROOT / "tests" / "answers"), (
        "the kill matrix above names the answers that came out otherwise"
    )


def test_thresholds_leave_room_on_both_sides():
    for exercise, target, asked, low, _, _, wrong in certificate(seeds=2):
        assert wrong + 0.05 < asked < low - 0.05, (
            f"{exercise} ({target}) asks {asked}; reference from {low}, best wrong answer {wrong}"
        )
