"""`course update` and `course reset` on copies in work/: answers stay, old files stay."""

import json
import shutil
import subprocess

import pytest

from course.authoring import UsageError, build, edition
from course.paths import ROOT
from nbjudge.errors import CourseError

LESSON = "02-freeze"
ANSWER = "def probe(*arguments):\n    return 'mine'"
NO_HISTORY = not (ROOT / ".git").exists() or not shutil.which("git")


@pytest.fixture
def work(tmp_path):
    """work/ with an older edition of a lesson, in which one exercise is answered."""
    edition.give_out(tmp_path, LESSON)
    for path in (edition.given_in(tmp_path, LESSON), edition.copy_in(tmp_path, LESSON)):
        notebook = json.loads(path.read_text())
        notebook["metadata"]["made_from"] = "an-older-edition"
        removed = cell_of(notebook, "freeze-until")
        notebook["cells"].remove(removed)
        path.write_text(json.dumps(notebook))
    answer(edition.copy_in(tmp_path, LESSON))
    return tmp_path


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def answer(path):
    notebook = json.loads(path.read_text())
    cell_of(notebook, "probe")["source"] = ANSWER
    path.write_text(json.dumps(notebook))


def source_of(work, name):
    notebook = json.loads(edition.copy_in(work, LESSON).read_text())
    return "".join(cell_of(notebook, name)["source"])


def test_update_brings_the_answers_into_the_new_edition(work, capsys):
    before = edition.copy_in(work, LESSON).read_bytes()
    edition.refresh(work)
    said = capsys.readouterr().out
    assert "has a new edition" in said and "course update 02" in said
    assert edition.copy_in(work, LESSON).read_bytes() == before
    assert edition.update(work, [LESSON])
    said = capsys.readouterr().out
    assert "with 1 answer and 0 cells of your own" in said
    assert "freeze-until: a new exercise (3 points)" in said
    assert source_of(work, "probe") == ANSWER
    assert "NotImplementedError" in source_of(work, "freeze-until")
    (kept,) = (work / "earlier").iterdir()
    assert kept.name.startswith(f"{LESSON}-20") and kept.read_bytes() == before
    edition.update(work, [LESSON])
    assert "yours is the newest edition" in capsys.readouterr().out


def test_a_copy_without_a_word_in_it_is_replaced(work, capsys):
    given = edition.given_in(work, LESSON)
    shutil.copy(given, edition.copy_in(work, LESSON))
    edition.refresh(work)
    assert edition.is_newest(work, LESSON)
    assert edition.is_newest(work, "00-start-here")  # there was none
    assert not capsys.readouterr().out
    assert not (work / "earlier").exists()


def test_a_folder_in_the_place_of_a_copy_is_told(work, capsys):
    mine = edition.copy_in(work, LESSON)
    mine.unlink()
    mine.mkdir()
    edition.refresh(work)
    assert "is damaged" in capsys.readouterr().out
    assert not edition.update(work, [LESSON])
    assert f"{mine} cannot be read" in capsys.readouterr().out


def test_a_damaged_copy_is_told_and_the_others_are_updated(work, capsys):
    damaged = edition.copy_in(work, "01-replace-the-head")
    damaged.parent.mkdir()
    damaged.write_text("half a noteb")
    edition.refresh(work)
    assert "01-replace-the-head.ipynb is damaged" in capsys.readouterr().out
    assert not edition.update(work, ["01-replace-the-head", LESSON])
    assert "not updated" in capsys.readouterr().out
    assert damaged.read_text() == "half a noteb"
    assert source_of(work, "probe") == ANSWER and edition.is_newest(work, LESSON)


@pytest.mark.skipif(NO_HISTORY, reason="the course was not cloned with git")
def test_the_release_is_found_in_the_history(work, capsys):
    path = f"release/{LESSON}/{LESSON}.ipynb"
    log = ["git", "log", "--format=%H", "-3", "--", path]
    commits = subprocess.run(log, cwd=ROOT, capture_output=True, text=True).stdout.split()
    if len(commits) < 3:
        pytest.skip("the history holds no older edition")
    older = subprocess.run(["git", "show", f"{commits[2]}:{path}"], cwd=ROOT, capture_output=True)
    edition.given_in(work, LESSON).unlink()
    edition.copy_in(work, LESSON).write_bytes(older.stdout)
    began_with = edition.release_begun_with(work, LESSON)
    assert build.stamp_of(edition.copy_in(work, LESSON)) in began_with.decode()


def test_no_release_to_compare_with_is_told(work, capsys):
    edition.given_in(work, LESSON).unlink()
    edition.update(work, [LESSON])
    assert "The release that you began with is not known" in capsys.readouterr().out
    assert source_of(work, "probe") == ANSWER


def test_reset(work):
    with pytest.raises(UsageError, match=r"older edition: run `\.venv/bin/course update 02` first"):
        edition.reset(work, LESSON, "probe")
    edition.update(work, [LESSON])
    said = edition.reset(work, LESSON, "probe")
    assert "NotImplementedError" in source_of(work, "probe")
    (kept,) = (work / "earlier").glob(f"{LESSON}-probe-*.py")
    assert kept.read_text() == f"{ANSWER}\n" and str(kept) in said
    assert "nothing to do" in edition.reset(work, LESSON, "probe")
    with pytest.raises(CourseError, match="choose one of probe, "):
        edition.reset(work, LESSON, "check-probe")
    with pytest.raises(UsageError, match="course lab 03"):
        edition.reset(work, "03-batchnorm-trap", "probe")
