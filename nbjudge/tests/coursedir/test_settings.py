"""Reading nbgrader_config.py and what lies beside it, as stock nbgrader does in that folder."""

import json
import os
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from classroom import LESSON, answered, course_of_one, hand_in, make_course, points
from nbjudge.coordinator import grade
from nbjudge.coursedir.settings import (
    CONFIG,
    CONFIG_JSON,
    NO_LIMIT,
    absolute_url,
    path_with_alembic,
    read_settings,
)
from nbjudge.coursedir.settings import write_nested_settings as nest
from nbjudge.errors import CourseError, SettingsError
from nbjudge.grading.options import Options


def test_a_grading_reads_the_settings_once(tmp_path):
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered())
    hand_in(tmp_path, "two", "this is no notebook")
    reads = tmp_path.parent / f"{tmp_path.name}-reads"
    with (tmp_path / CONFIG).open("a") as config:
        config.write(f"open({str(reads)!r}, 'a').write('read ')\n")
    assert grade(tmp_path, [LESSON], options=Options(workers=1)).graded == [(LESSON, "one")]
    assert reads.read_text() == "read "
    grade(tmp_path, [LESSON])  # where nothing has to run
    assert reads.read_text() == "read read "


def test_reading_the_settings_writes_nothing(tmp_path):
    make_course(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    read_settings(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("c = get_config()\n\nc.Execute.timeout = 1 / 0\n", ", line 3: ", "ZeroDivisionError"),
        ("c = get_config()\nc.Execute.timeout = = 1\n", ", line 2: ", "SyntaxError"),
        ("import json\njson.loads('{')\n", ", line 2: ", "JSONDecodeError"),
        ("c = get_config()\nc.CourseDirectory.db_url = 3\n", f"{CONFIG}: ", "TraitError"),
        ("c = get_config()\nc.Execute.timeout = 'long'\n", f"{CONFIG}: ", "TraitError"),
        ("import not_there_at_all\n", ", line 1: ", "ModuleNotFoundError"),
        ("\nraise SystemExit('no more')\n", ", line 2: ", "SystemExit: no more"),
    ],
)
def test_an_error_in_the_settings_is_named_with_its_line(tmp_path, text, place, what):
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path).gradebook_url  # noqa: B018
    said = str(caught.value)
    assert said.startswith(str(tmp_path / CONFIG)) and place in said and what in said


def test_a_nested_course_has_the_settings_and_a_gradebook_of_its_own(tmp_path):
    (tmp_path / CONFIG).write_text("c = get_config()\nc.CourseDirectory.course_id = 'tiny'\n")
    (tmp_path / "inner").mkdir()
    nest(tmp_path, tmp_path / "inner")
    settings = read_settings(tmp_path / "inner")
    assert settings.course_id == "tiny"
    assert settings.gradebook_url == f"sqlite:///{tmp_path}/inner/gradebook.db"


def test_alembic_is_found_once(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    first = path_with_alembic()
    assert first.endswith(":/usr/bin")
    monkeypatch.setenv("PATH", first)
    assert path_with_alembic() == first


# ---- what lies beside nbgrader_config.py ---------------------------------------------------------

LATE = """
from nbgrader.plugins import LateSubmissionPlugin

class ByThePolicy(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        from policy_beside import FACTOR  # not before it is needed
        with open("excused.txt") as excused:  # relative to the course's folder
            return 0 if student_id in excused.read().split() else score * FACTOR
"""
COUNTS_CELLS = """
from nbgrader.preprocessors import NbGraderPreprocessor

class CountsCells(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        with open("cells.txt", "w") as found:
            found.write(str(len(nb.cells)))
        return nb, resources
"""


@pytest.fixture
def elsewhere(tmp_path_factory, monkeypatch):
    """A current folder that is not the course's."""
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(folder)
    return folder


def configure(course, text):
    with (course / CONFIG).open("a") as config:
        config.write(text)


@pytest.mark.parametrize("name", ["one", "two"])
def test_settings_import_modules_and_read_files_beside_them(tmp_path, elsewhere, name):
    (tmp_path / "neighbour_of_settings.py").write_text(f"NAME = {name!r}\n")
    (tmp_path / "number.txt").write_text("77")
    (tmp_path / CONFIG).write_text(
        "from neighbour_of_settings import NAME\n"
        "c = get_config()\n"
        "c.CourseDirectory.course_id = NAME\n"
        "c.Execute.timeout = int(open('number.txt').read())\n"
    )
    before = list(sys.path)
    files = sorted(tmp_path.rglob("*"))
    settings = read_settings(tmp_path)
    assert (settings.course_id, settings.timeout) == (name, 77)
    assert sys.path == before and "neighbour_of_settings" not in sys.modules
    assert os.getcwd() == str(elsewhere) and sorted(tmp_path.rglob("*")) == files


def test_plugins_and_preprocessors_lie_beside_the_settings(tmp_path, elsewhere):
    course = course_of_one(tmp_path)
    hand_in(course, "two", answered())
    (course / "late_beside.py").write_text(LATE)
    (course / "library").mkdir()
    (course / "library" / "policy_beside.py").write_text("FACTOR = 0.25\n")
    (course / "excused.txt").write_text("two three")
    (course / "steps_beside.py").write_text(COUNTS_CELLS)
    configure(
        course,
        "import sys; sys.path.append('library')\n"
        "from nbgrader.converters import GenerateAssignment\n"
        "c.AssignLatePenalties.plugin_class = 'late_beside.ByThePolicy'\n"
        "steps = GenerateAssignment.preprocessors.default_args[0]\n"
        "c.GenerateAssignment.preprocessors = [*steps, 'steps_beside.CountsCells']\n",
    )
    assert grade(course, [LESSON]).clean
    assert (course / "cells.txt").read_text() == "5"
    with Gradebook(read_settings(course).gradebook_url) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
    for student in ("one", "two"):
        hand_in(course, student, "2026-01-02 00:00:00 UTC", "timestamp.txt")
    assert grade(course, [LESSON]).clean
    with Gradebook(read_settings(course).gradebook_url) as book:
        penalties = [
            book.find_submission(LESSON, s).late_submission_penalty for s in ("one", "two")
        ]
    assert penalties == [1, 0]
    assert "late_beside" not in sys.modules and "library" not in sys.path


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        ("", "could not be imported"),
        ("class ByThePolicy: pass", "ByThePolicy"),
        (LATE.replace("policy_beside", "no_such_policy"), "failed for one .*no_such_policy"),
    ],
)
def test_a_plugin_that_fails_is_named(tmp_path, plugin, why):
    course = course_of_one(tmp_path)
    grade(course, [LESSON])
    with Gradebook(read_settings(course).gradebook_url) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-01-01 00:00:00 UTC")
    hand_in(course, "one", "2026-01-02 00:00:00 UTC", "timestamp.txt")
    (course / "late_beside.py").write_text(plugin)
    configure(course, "c.AssignLatePenalties.plugin_class = 'late_beside.ByThePolicy'\n")
    with pytest.raises(SettingsError, match=why):
        grade(course, [LESSON])


def test_a_hook_that_cannot_be_imported_is_a_refusal(tmp_path):
    course = course_of_one(tmp_path)
    configure(course, "c.GenerateAssignment.pre_convert_hook = 'no_such_module.hook'\n")
    (finding,) = grade(course, [LESSON]).findings
    assert finding.blocks and "no_such_module" in finding.says


def test_a_relative_database_lies_in_the_courses_folder(tmp_path, elsewhere):
    course = course_of_one(tmp_path)
    configure(course, "c.CourseDirectory.db_url = 'sqlite:///marks/of this year.db'\n")
    (course / "marks").mkdir()
    assert grade(course, [LESSON]).clean
    assert points(course) == [2, 2]
    assert (course / "marks" / "of this year.db").exists() and not list(elsewhere.iterdir())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///a.db", "sqlite:////course/a.db"),
        ("sqlite:///../a.db?timeout=5", "sqlite:////course/../a.db?timeout=5"),
        ("sqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://me:pass@host/marks", "postgresql://me:pass@host/marks"),
    ],
)
def test_only_the_file_of_a_relative_url_is_moved(tmp_path, url, expected):
    assert absolute_url(tmp_path, url) == expected.replace("/course", str(tmp_path))


# ---- where nbgrader looks ------------------------------------------------------------------------


def test_settings_come_from_json_and_from_jupyters_folders(tmp_path, monkeypatch):
    course = tmp_path / "course"
    users = tmp_path / "jupyter"
    for folder in (course, users):
        folder.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(users))
    (users / CONFIG).write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'users'\nc.Execute.timeout = 7\n"
    )
    assert (read_settings(course).course_id, read_settings(course).timeout) == ("users", 7)
    (course / CONFIG).write_text("c = get_config()\nc.CourseDirectory.course_id = 'py'\n")
    assert (read_settings(course).course_id, read_settings(course).timeout) == ("py", 7)
    (course / CONFIG_JSON).write_text(json.dumps({"CourseDirectory": {"course_id": "json"}}))
    assert (read_settings(course).course_id, read_settings(course).timeout) == ("json", 7)
    (course / "inner").mkdir()
    nest(course, course / "inner")
    assert read_settings(course / "inner").course_id == "json"


def test_names_of_older_versions_count(tmp_path):
    (tmp_path / CONFIG).write_text("c = get_config()\nc.NbGrader.course_id = 'old'\n")
    assert read_settings(tmp_path).course_id == "old"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CourseError, match="no such folder"):
        read_settings(tmp_path / "missing")


@pytest.mark.parametrize(
    ("setting", "seconds"),
    [
        ("", 30),
        ("c.Execute.timeout = 5", 5),
        ("c.ExecutePreprocessor.timeout = 6", 6),  # which nbgrader's FAQ names
        ("c.ExecutePreprocessor.timeout = 6; c.Execute.timeout = 5", 5),
        ("c.Execute.timeout = -1", NO_LIMIT),
        ("c.ExecutePreprocessor.timeout = None", NO_LIMIT),
        ("c.Execute.timeout = 0", NO_LIMIT),
    ],
)
def test_the_time_for_a_cell_is_nbclients(tmp_path, setting, seconds):
    (tmp_path / CONFIG).write_text(f"c = get_config()\n{setting}\n")
    assert read_settings(tmp_path).timeout == seconds


@pytest.mark.parametrize("options", [Options(), Options(kernel="python3", confined=False)])
def test_a_class_is_graded_without_a_limit_of_time(tmp_path, options):
    course = course_of_one(tmp_path)
    hand_in(course, "two", answered(add="def add(x, y):\n    return 0"))
    configure(course, "c.Execute.timeout = -1\n")
    assert grade(course, [LESSON], options=options).clean
    assert (points(course), points(course, "two")) == ([2, 2], [0, 2])


@pytest.mark.parametrize(
    ("settings", "source", "submitted", "graded"),
    [
        ("", "source/ps1", "submitted/ada/ps1", "autograded/ada/ps1"),
        ("source_directory = 'src'", "src/ps1", "submitted/ada/ps1", "autograded/ada/ps1"),
        ("submitted_directory = '../in'", "source/ps1", "../in/ada/ps1", "autograded/ada/ps1"),
        ("autograded_directory = './out'", "source/ps1", "submitted/ada/ps1", "out/ada/ps1"),
        (
            "directory_structure = 'my-{assignment_id}/{nbgrader_step}/of-{student_id}'",
            "my-ps1/source/of-.",
            "my-ps1/submitted/of-ada",
            "my-ps1/autograded/of-ada",
        ),
    ],
)
def test_folders_are_where_the_settings_say(tmp_path, settings, source, submitted, graded):
    line = f"c.CourseDirectory.{settings}" if settings else ""
    (tmp_path / CONFIG).write_text(f"c = get_config()\n{line}\n")
    folders = read_settings(tmp_path).folders
    places = [Path(os.path.normpath(tmp_path / path)) for path in (source, submitted, graded)]
    assert folders.source("ps1") == places[0]
    assert folders.submitted("ada", "ps1") == places[1]
    assert folders.autograded("ada", "ps1") == places[2]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    private = folders.private()
    assert all(any(place.is_relative_to(each) for each in private) for place in places)
    assert tmp_path not in private
    assert folders.submissions("ps1") == [("ada", places[1])]


@pytest.mark.parametrize(
    "structure",
    ["{nbgrader_step}/{student_id}", "{student_id}/{assignment_id}", "{nbgrader_step}/a"],
)
def test_a_structure_that_lacks_a_part_is_named(tmp_path, structure):
    (tmp_path / CONFIG).write_text(
        f"c = get_config()\nc.CourseDirectory.directory_structure = {structure!r}\n"
    )
    with pytest.raises(SettingsError, match=r"directory_structure is .* must hold"):
        read_settings(tmp_path)


def test_a_setting_that_only_adds_to_a_default_counts(tmp_path):
    (tmp_path / CONFIG).write_text(
        "c = get_config()\nc.Autograde.exclude_overwriting.update({'ps1': ['mine.py']})\n"
    )
    assert read_settings(tmp_path).students_own == {"ps1": ["mine.py"]}


def test_a_nested_course_finds_the_modules_of_the_one_around_it(tmp_path, elsewhere):
    (tmp_path / "name_around.py").write_text("NAME = 'around'\n")
    (tmp_path / CONFIG).write_text(
        "from name_around import NAME\nc = get_config()\nc.CourseDirectory.course_id = NAME\n"
        "c.CourseDirectory.db_url = 'sqlite:///marks.db'\n"
    )
    inner = elsewhere / "inner"
    inner.mkdir()
    nest(tmp_path, inner)
    settings = read_settings(inner)
    assert settings.course_id == "around"
    assert settings.gradebook_url == f"sqlite:///{inner}/gradebook.db"
