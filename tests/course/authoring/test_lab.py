"""The learner's copies: laid out once, never overwritten; the installer says what it needs."""

import os
import shutil
import subprocess
import sys

import pytest

from course.authoring import build, lab


def test_work_is_laid_out_and_never_touched_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "WORK", tmp_path)
    lab.lay_out()
    lesson = build.lessons()[0]
    mine = tmp_path / lesson / f"{lesson}.ipynb"
    assert mine.read_bytes() == (
        build.RELEASE / lesson / f"{lesson}.ipynb"
    ).read_bytes() and not list(tmp_path.glob("*/*.part"))
    changed = mine.read_text().replace('"made_from": "', '"made_from": "older')
    mine.write_text(changed)
    lab.lay_out()
    assert (
        mine.read_text() == changed
        and f"{lesson} has changed since you began it. Yours is kept" in capsys.readouterr().out
    )


def test_an_unknown_lesson_is_named():
    with pytest.raises(ValueError, match=r"99-nothing.*choose one of 00-start-here"):
        lab.lab("99-nothing")


def test_jupyter_is_told_where_things_are(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "WORK", tmp_path / "a learner's folder")
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    told = lab.environment({"PATH": "/bin", "JUPYTER_CONFIG_PATH": "theirs", "LANG": "C"})
    assert (
        told["PATH"].split(os.pathsep) == [os.path.dirname(sys.executable), "/bin"]
        and told["LANG"] == "C"
    )
    assert told["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(lab.SETTINGS), "theirs"]
    assert (lab.SETTINGS / "labconfig" / "page_config.json").exists() and "HOME" not in told


def test_a_home_that_cannot_be_written_to_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "WORK", tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert os.path.isdir(lab.environment({"PATH": "/bin"})["HOME"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("sys.version_info = (3, 9)", "needs Python 3.10"),
        ("bootstrap.NEEDED_GB = 10**9", "Make room, then run the command again"),
    ],
)
def test_the_installer_says_what_it_needs(tmp_path, change, says):
    shutil.copy(build.ROOT / "bootstrap.py", tmp_path)
    shutil.copy(build.ROOT / "pyproject.toml", tmp_path)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import bootstrap; {change}; bootstrap.main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stderr and not (tmp_path / ".venv").exists()
