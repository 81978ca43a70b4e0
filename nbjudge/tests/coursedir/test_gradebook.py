"""What is recorded in nbgrader's gradebook, and by whose rules."""

import nbformat
from nbgrader.api import Gradebook

from classroom import LESSON, answered, course_of_one, hand_in, make_source, points
from nbjudge.coordinator import grade
from nbjudge.coursedir.settings import CONFIG, gradebook_url

WRONG_SUM = "def add(x, y):\n    return x"
NO_MEAN = "def mean(values):\n    return 0"

HALF_WHEN_LATE = """
from nbgrader.plugins import LateSubmissionPlugin

class HalfWhenLate(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2

c.AssignLatePenalties.plugin_class = HalfWhenLate
"""


def test_marks_and_comments_given_by_hand_survive(tmp_path):
    course = course_of_one(tmp_path)
    grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        book.find_grade("check-add", LESSON, LESSON, "one").manual_score = 1.5
        book.find_comment("add", LESSON, LESSON, "one").manual_comment = "Nearly."
        book.db.commit()
    hand_in(course, "one", answered(add=WRONG_SUM))
    grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        mark = book.find_grade("check-add", LESSON, LESSON, "one")
        assert (mark.auto_score, mark.manual_score, mark.score) == (0, 1.5, 1.5)
        assert mark.needs_manual_grade
        assert book.find_comment("add", LESSON, LESSON, "one").manual_comment == "Nearly."


def test_late_penalties_are_nbgraders(tmp_path):
    course = course_of_one(tmp_path)
    with (course / CONFIG).open("a") as config:
        config.write(HALF_WHEN_LATE)
    grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
    hand_in(course, "one", "2026-01-02 00:00:00 UTC", "timestamp.txt")
    grade(course, [LESSON])
    with Gradebook(gradebook_url(course)) as book:
        submission = book.find_submission(LESSON, "one")
        assert (submission.score, submission.late_submission_penalty) == (4, 2)
        assert submission.total_seconds_late == 86400


def test_an_assignment_of_two_notebooks(tmp_path):
    course = course_of_one(tmp_path)
    nbformat.write(make_source(), course / "source" / LESSON / "02-more.ipynb")
    hand_in(course, "one", answered(mean=NO_MEAN), "02-more.ipynb")
    hand_in(course, "two", answered())
    outcome = grade(course, [LESSON])
    assert points(course) == [2, 2, 2, 0] and points(course, "two") == [2, 2]
    assert [finding.says for finding in outcome.findings] == [
        "there is no 02-more.ipynb: it counts as not handed in, "
        "ask the learner if that was not meant"
    ]
    with Gradebook(gradebook_url(course)) as book:
        assert book.find_submission(LESSON, "two").score == 4
