"""Reading nbgrader_config.py."""

import pytest

from classroom import LESSON, answered, hand_in, make_course
from nbjudge.coordinator import Options, grade
from nbjudge.coursedir.settings import CONFIG, path_with_alembic, read_settings
from nbjudge.coursedir.settings import write_nested_settings as nest
from nbjudge.errors import SettingsError


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
