"""The hub's configuration files: who is let in, and what is said about a list that is wrong."""

import pytest
from traitlets.config import PyFileConfigLoader

from course.paths import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A function that loads a configuration file with this list of students."""

    def load(students, name="jupyterhub_config.py", **environment):
        path = tmp_path / "students.csv"
        if students is not None:
            path.write_bytes(students)
        for key, value in {"COURSE_STUDENTS": str(path), **environment}.items():
            monkeypatch.setenv(key, value)
        return PyFileConfigLoader(name, path=str(DEPLOY)).load_config()

    return load


@pytest.mark.parametrize(
    "students", [b"id\nlearner-01\n\n", b"\xef\xbb\xbfid,email\nlearner-01,\n"]
)
def test_the_list_and_the_instructors_are_let_in(settings, students):
    config = settings(students, COURSE_INSTRUCTORS="ada ben")
    assert config.Authenticator.allowed_users == {"learner-01", "ada", "ben"}


@pytest.mark.parametrize(
    ("students", "said"),
    [
        (None, "cannot be read"),
        (b"", "first line must have a column `id`"),
        (b"name\nlearner-01\n", "first line must have a column `id`"),
        (b"id\nlearner-01\ninstructor\n", "names instructor, who is an instructor"),
        (b"\xff\xfei\x00d\x00", "is no CSV file in UTF-8"),
    ],
)
def test_a_wrong_list_ends_with_a_sentence(settings, students, said):
    with pytest.raises(SystemExit, match=said) as ended:
        settings(students)
    assert "students.csv" in str(ended.value)


def test_to_try_it_out_a_password_is_needed(settings):
    with pytest.raises(SystemExit, match="Set COURSE_PASSWORD to 8 or more"):
        settings(b"id\nlearner-01\n", "try_out_config.py", COURSE_PASSWORD="short")
    config = settings(b"id\nlearner-01\n", "try_out_config.py", COURSE_PASSWORD="long enough")
    assert config.JupyterHub.ip == "127.0.0.1"
