"""The gradebook as CSV for Canvas and Moodle."""

import csv
import io
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from classroom import CONFIG, LESSON, answered, hand_in, make_course
from nbjudge.cli import app
from nbjudge.coordinator import grade
from nbjudge.coursedir.export import CANVAS, MOODLE, export, number
from nbjudge.coursedir.roster import read_roster
from nbjudge.coursedir.settings import read_settings
from nbjudge.errors import CourseError
from nbjudge.grading.options import Options

PLUGIN = """
from nbgrader.plugins import BasePlugin

class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 8
"""
GRADEBOOK = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Integration ID,Section,01 Tiny (55)
,,,,,,Manual Posting
    Points Possible,,,,,,4
"Two, Learner",102,s-2,learner-02,,A,
"One, Learner",101,s-1,learner-01,i-1,A,3
"Student, Test",999,,,,A,
"Three, Learner",103,s-3,learner-03,,A,1
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """learner-01 has all points, learner-02 half of them and was late; old is in no roster."""
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    (root / "late.py").write_text(PLUGIN)
    (root / "nbgrader_config.py").write_text(
        f'{CONFIG}c.AssignLatePenalties.plugin_class = "late.Half"\n'
    )
    hand_in(root, "learner-01", answered())
    hand_in(root, "learner-02", answered(add="def add(x, y):\n    return 0"))
    hand_in(root, "learner-02", "2026-01-02 10:00:00 UTC", "timestamp.txt")
    hand_in(root, "old", answered())
    settings = read_settings(root)
    from nbgrader.api import Gradebook

    with Gradebook(settings.gradebook_url) as book:
        book.add_assignment(LESSON, duedate="2026-01-01 10:00:00 UTC")
    assert grade(root, [LESSON], options=Options(stay_ready=True)).clean
    return root


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "gradebook.csv"
    path.write_text(GRADEBOOK, encoding="utf-8")
    return path


def table(exported):
    return list(csv.reader(io.StringIO(exported.text)))


def test_canvas_gets_its_own_columns_in_its_order(course, roster):
    written = export(read_settings(course), CANVAS, [LESSON], read_roster(roster), exercises=True)
    tiny = f"{LESSON} late penalty"
    assert table(written) == [
        [
            *("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Section"),
            *("01 Tiny (55)", f"{LESSON} add", f"{LESSON} mean", tiny),
        ],
        ["    Points Possible", "", "", "", "", "", "4", "2", "2", "0"],
        ["Two, Learner", "102", "s-2", "learner-02", "", "A", "1.75", "0", "2", "-0.25"],
        ["One, Learner", "101", "s-1", "learner-01", "i-1", "A", "4", "2", "2", "0"],
    ]
    assert any("no row for old" in note for note in written.notes)


def test_canvas_without_a_roster_finds_students_by_login(course):
    written = export(read_settings(course), CANVAS, [LESSON])
    header, _, *rows = table(written)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON]
    assert ["learner-01", "", "", "learner-01", "", "4"] in rows
    assert any("whether it is a new assignment" in note for note in written.notes)
    titles = {LESSON: "Week 1 (7)"}
    assert (
        table(export(read_settings(course), CANVAS, [LESSON], titles=titles))[0][-1] == "Week 1 (7)"
    )


def test_moodle_gets_an_identifier_that_the_teacher_chooses(course, tmp_path):
    path = tmp_path / "participants.csv"
    path.write_text(
        "First name;Last name;Email address;ID number;Username\n"
        "Learner;One;one@x.org;11;learner-01\nLearner;Two;;12;learner-02\n"
    )
    people = read_roster(path)
    assert people.column == "Username"
    written = export(read_settings(course), MOODLE, [LESSON], people)
    # one of them has no address
    assert table(written) == [["ID number", LESSON], ["11", "4"], ["12", "1.75"]]
    named = export(read_settings(course), MOODLE, [LESSON], people, identifier="username")
    assert table(named)[1] == ["learner-01", "4"]
    with pytest.raises(CourseError, match="Email address is empty for learner-02"):
        export(read_settings(course), MOODLE, [LESSON], people, identifier="Email address")
    with pytest.raises(CourseError, match="no column 'Matrikel'"):
        export(read_settings(course), MOODLE, [LESSON], people, identifier="Matrikel")
    alone = export(read_settings(course), MOODLE, [LESSON])
    assert table(alone)[0] == ["Username", LESSON]


def test_nbgraders_own_export_says_the_same_sums(course, tmp_path):
    target = tmp_path / "grades.csv"
    command = [sys.executable, "-m", "nbgrader", "export", "--to", str(target)]
    subprocess.run(command, cwd=course, check=True, capture_output=True)
    stock = {row["student_id"]: row["score"] for row in csv.DictReader(target.open())}
    ours = dict(table(export(read_settings(course), MOODLE, [LESSON]))[1:])
    assert {who: float(score) for who, score in ours.items()} == {
        who: float(score) for who, score in stock.items()
    }


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_command_writes_a_file_and_never_the_roster(course, roster, tmp_path):
    target = tmp_path / "canvas.csv"
    done = run("export", "canvas", LESSON, "--roster", roster, "--to", target, "--root", course)
    assert done.exit_code == 0, done.output
    assert f"{target}: 2 learners" in done.stdout and "01 Tiny (55)" in target.read_text()
    before = roster.read_bytes()
    done = run("export", "canvas", LESSON, "--roster", roster, "--to", roster, "--root", course)
    assert done.exit_code == 1 and "is the roster, and is not overwritten" in done.stderr
    assert roster.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ps9"], "ps9: nobody is graded"),
        ([LESSON, "--column", "ps9=x"], "expected ASSIGNMENT=TITLE"),
        ([LESSON, "--roster", "ROSTER", "--id-column", "Section"], "'A' stands twice"),
        ([LESSON, "--roster", "ROSTER", "--id-column", "ID"], "none of its ids (ID) is graded"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(course, roster, arguments, sentence):
    arguments = [str(roster) if each == "ROSTER" else each for each in arguments]
    done = run("export", "canvas", *arguments, "--root", course)
    assert done.exit_code == 1 and sentence in done.stderr, done.output


def test_numbers_have_a_point_and_no_zeros_behind():
    assert [number(each) for each in (0, -0.0, 2.0, 10, 1 / 3, 1234.5)] == [
        *("0", "0", "2", "10", "0.3333", "1234.5")
    ]
