"""What is recorded in nbgrader's gradebook, and by whose rules."""

import nbformat
import pytest
from alembic.script import ScriptDirectory
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR

from classroom import LESSON, answered, course_of_one, hand_in, make_source, meta, points
from nbjudge.coordinator import grade
from nbjudge.coursedir.gradebook import newest_version
from nbjudge.coursedir.settings import CONFIG, gradebook_url
from nbjudge.grading.options import Options

WRONG_SUM = "def add(x, y):\n    return x"
NO_MEAN = "def mean(values):\n    return 0"

HALF_WHEN_LATE = """
from nbgrader.plugins import LateSubmissionPlugin

class HalfWhenLate(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2

c.AssignLatePenalties.plugin_class = HalfWhenLate
"""


def test_the_version_of_its_tables_is_the_one_that_alembic_finds():
    assert newest_version() == ScriptDirectory(ALEMBIC_DIR).get_current_head()


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


A_POINT_A_DAY = """
from nbgrader.plugins import LateSubmissionPlugin

class APointADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 86400

c.AssignLatePenalties.plugin_class = APointADay
"""


def test_a_moved_deadline_and_an_extension_count_although_no_cell_runs(tmp_path):
    course = course_of_one(tmp_path)
    with (course / CONFIG).open("a") as config:
        config.write(A_POINT_A_DAY)
    hand_in(course, "one", "2026-01-04 00:00:00 UTC", "timestamp.txt")
    hand_in(course, "two", answered())  # without a timestamp: in time
    grade(course, [LESSON])

    def penalty(change, student="one"):
        """What is taken off after a change to the gradebook, or a new timestamp."""
        with Gradebook(gradebook_url(course)) as book:
            change(book)
        assert grade(course, [LESSON]).cells == 0
        with Gradebook(gradebook_url(course)) as book:
            return book.find_submission(LESSON, student).late_submission_penalty

    def due(day):
        return lambda book: book.update_or_create_assignment(LESSON, duedate=f"{day} 00:00 UTC")

    def handed_in(day):
        return lambda book: hand_in(course, "one", f"{day} 00:00:00 UTC", "timestamp.txt")

    assert penalty(due("2026-01-02")) == 2
    assert penalty(due("2026-01-03")) == 1
    assert penalty(lambda book: book.grant_extension(LESSON, "one", hours=12)) == 0.5
    assert penalty(lambda book: book.grant_extension(LESSON, "one", days=2)) == 0
    assert penalty(lambda book: book.grant_extension(LESSON, "one")) == 1
    assert penalty(handed_in("2026-01-06")) == 3
    assert penalty(handed_in("2026-01-20")) == 4  # never more than the points
    assert penalty(due("2026-02-01")) == 0
    assert penalty(due("2026-01-01"), "two") == 0


def test_an_assignment_of_two_notebooks(tmp_path):
    course = course_of_one(tmp_path)
    nbformat.write(make_source(), course / "source" / LESSON / "02-more.ipynb")
    hand_in(course, "one", answered(mean=NO_MEAN), "02-more.ipynb")
    hand_in(course, "two", answered())
    outcome = grade(course, [LESSON])
    assert points(course) == [2, 2, 2, 0]
    assert points(course, "two") == [2, 2, 0, 0]  # those of the missing notebook count, as 0
    assert [finding.says for finding in outcome.findings] == [
        "there is no 02-more.ipynb: it counts as not handed in, "
        "ask the learner if that was not meant"
    ]
    with Gradebook(gradebook_url(course)) as book:
        assert book.find_submission(LESSON, "two").score == 4


def test_a_notebook_without_exercises_beside_one_with_some(tmp_path):
    course = course_of_one(tmp_path)
    intro = new_notebook(
        cells=[new_markdown_cell("# Welcome"), new_code_cell("print('hello')")],
        metadata=make_source().metadata,
    )
    nbformat.write(intro, course / "source" / LESSON / "00-intro.ipynb")
    hand_in(course, "two", answered(mean=NO_MEAN))
    intro.cells[1].source = "print(6 * 7)"
    for student in ("one", "two"):
        hand_in(course, student, intro, "00-intro.ipynb")
    outcome = grade(course, [LESSON])
    assert outcome.clean and not outcome.findings
    assert points(course) == [2, 2] and points(course, "two") == [2, 0]
    done = nbformat.read(course / "autograded" / "one" / LESSON / "00-intro.ipynb", 4)
    assert done.cells[1].outputs[0].text == "42\n"


# ---- marks given by hand -------------------------------------------------------------------------


def with_essay(notebook, text, kind=new_markdown_cell):
    """The notebook with an essay of three points as its last cell."""
    metadata = meta("essay", grade=True, solution=True, points=3)
    notebook.cells.append(kind(text, id="essay", metadata=metadata))
    return notebook


def course_with_essay(root, kind=new_markdown_cell):
    """The course of one, with an essay that is marked; the check of `add` is overridden."""
    course = course_of_one(root)
    source = with_essay(make_source(), "A model answer.", kind)
    nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")
    hand_in(course, "one", with_essay(answered(), "mine", kind))
    grade(course, [LESSON])
    assert to_mark(course) == {"essay"}
    with Gradebook(gradebook_url(course)) as book:
        for name in ("essay", "check-add"):
            mark = book.find_grade(name, LESSON, LESSON, "one")
            mark.manual_score = 1.5
            mark.needs_manual_grade = False
        book.db.commit()
    return course


def to_mark(course):
    """The cells of the student `one` that need a person."""
    with Gradebook(gradebook_url(course)) as book:
        grades = book.find_submission_notebook(LESSON, LESSON, "one").grades
        return {grade.name for grade in grades if grade.needs_manual_grade}


def test_what_is_marked_by_hand_and_has_not_changed_stays_marked(tmp_path):
    course = course_with_essay(tmp_path)
    for _ in range(2):
        grade(course, [LESSON])
        assert to_mark(course) == set()
    source = with_essay(make_source(), "A better model answer.")
    source.cells[-2].source += "\nassert mean([3]) == 3"  # another test
    source.cells[0].source += "  # given code"
    nbformat.write(source, course / "source" / LESSON / f"{LESSON}.ipynb")
    (course / "source" / LESSON / "data.txt").write_text("of the instructor")
    grade(course, [LESSON])
    assert to_mark(course) == set()


@pytest.mark.parametrize(
    ("essay", "answers", "expected"),
    [
        ("mine, but longer", {}, {"essay", "check-add"}),
        ("mine", {"mean": NO_MEAN}, {"check-add"}),
        ("mine", {"add": WRONG_SUM}, {"check-add"}),
        ("", {}, {"essay", "check-add"}),
    ],
)
def test_what_has_changed_is_to_mark_again(tmp_path, essay, answers, expected):
    course = course_with_essay(tmp_path)
    hand_in(course, "one", with_essay(answered(**answers), essay))
    grade(course, [LESSON])
    assert to_mark(course) == expected
    grade(course, [LESSON])  # still nobody has looked
    assert to_mark(course) == expected


def test_a_program_marked_by_hand_depends_on_what_it_uses(tmp_path):
    course = course_with_essay(tmp_path, new_code_cell)
    grade(course, [LESSON])
    assert to_mark(course) == set()
    hand_in(course, "one", with_essay(answered(mean=NO_MEAN), "mine", new_code_cell))
    grade(course, [LESSON])
    assert to_mark(course) == {"essay", "check-add"}


def test_a_changed_picture_beside_the_notebook_is_looked_at(tmp_path):
    course = course_with_essay(tmp_path)
    hand_in(course, "one", b"pixels", "plot.png")
    grade(course, [LESSON])
    assert to_mark(course) == {"essay", "check-add"}


def test_marks_are_looked_at_again_where_nobody_knows_what_they_were_for(tmp_path):
    course = course_with_essay(tmp_path)
    (kept,) = course.glob(".grading/answers/*/*.json")
    for content in ("{", '{"01-tiny": []}', "[]"):
        kept.write_text(content)
        grade(course, [LESSON])
        assert to_mark(course) == {"essay", "check-add"}


def test_a_student_without_a_name_is_listed_by_id_and_names_stay(tmp_path):
    course_of_one(tmp_path)
    hand_in(tmp_path, "two", answered())
    with Gradebook(gradebook_url(tmp_path)) as gradebook:
        gradebook.add_student("two", first_name="Ada", last_name="Lovelace")
    grade(tmp_path, [LESSON], options=Options(workers=1))
    with Gradebook(gradebook_url(tmp_path)) as gradebook:
        found = {
            student.id: (student.last_name, student.first_name) for student in gradebook.students
        }
    assert found == {"one": ("one", ""), "two": ("Lovelace", "Ada")}
