"""The learner's copies: laid out once, never overwritten, and no link in them leads nowhere."""

import json
import os
import re
import sys
from urllib.parse import unquote

import pytest

from course.authoring import UsageError, build, edition, lab
from course.checking.look_up import PAGE
from course.paths import RELEASE
from tests.support.links import headings_in, links_in

ELSEWHERE = re.compile(r"https://[\w.-]+\.[a-z]+(/\S*[^\s.,;:])?")


def test_work_is_laid_out_and_never_changed_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "WORK", tmp_path)
    lab.lay_out()
    lesson = build.lessons()[0]
    mine = tmp_path / lesson / f"{lesson}.ipynb"
    assert mine.read_bytes() == (RELEASE / lesson / f"{lesson}.ipynb").read_bytes()
    assert not list(tmp_path.glob("*/*.part"))
    changed = mine.read_text().replace('"made_from": "', '"made_from": "older')
    mine.write_text(changed)
    lab.lay_out()
    assert mine.read_text() == changed
    assert f"{lesson} has a new edition. Yours is kept as it is" in capsys.readouterr().out


def test_the_lab_opens_what_was_saved_last(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "WORK", tmp_path)
    lab.lay_out()
    first, second, third, *_ = build.lessons()
    for path in (edition.given_in(tmp_path, third), edition.copy_in(tmp_path, third)):
        path.write_text(path.read_text().replace('"made_from": "', '"made_from": "older'))
    assert lab.last_saved() == first, "a new edition of a lesson is no work in it"
    for age, lesson in ((10, third), (20, second)):
        mine = tmp_path / lesson / f"{lesson}.ipynb"
        mine.write_text(mine.read_text() + "\n")
        os.utime(mine, (age, age))
    assert lab.last_saved() == second
    assert lab.named("02") == third


def text_of(path):
    """The Markdown of a notebook or of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_every_link_in_work_leads_somewhere(tmp_path, monkeypatch):
    """To a file in work/, and there to a heading, whose address JupyterLab makes in its own way."""
    monkeypatch.setattr(lab, "WORK", tmp_path)
    lab.lay_out()
    paths = [edition.copy_in(tmp_path, lesson) for lesson in build.lessons()]
    texts = {path: text_of(path) for path in (*paths, tmp_path / PAGE)}
    addresses = {}
    for path, text in texts.items():
        words = [heading.replace("`", "") for heading in headings_in(text)]
        addresses[path] = {heading.replace(" ", "-") for heading in words}
    broken = []
    for path, text in texts.items():
        for address in links_in(text):
            file, _, heading = address.partition("#")
            target = (path.parent / file).resolve()
            if address.startswith("https://"):
                leads = ELSEWHERE.fullmatch(address)
            else:
                leads = target in texts and (not heading or unquote(heading) in addresses[target])
            if not leads:
                broken.append(f"{path.name}: {address}")
    assert broken == []


def test_an_unknown_lesson_is_named():
    with pytest.raises(UsageError, match=r"99-nothing.*choose one of 00-start-here"):
        lab.lab("99-nothing")


def test_jupyter_is_told_where_things_are(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "WORK", tmp_path / "a learner's folder")
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    told = lab.environment({"PATH": "/bin", "JUPYTER_CONFIG_PATH": "theirs", "LANG": "C"})
    assert told["PATH"].split(os.pathsep) == [os.path.dirname(sys.executable), "/bin"]
    folders = [str(lab.LEARNER), str(lab.COMMON), "theirs"]
    assert told["JUPYTER_CONFIG_PATH"].split(os.pathsep) == folders
    assert told["JUPYTER_PATH"].split(os.pathsep) == folders[:2]
    assert told["LANG"] == "C"
    assert "HOME" not in told
    of_instructor = lab.environment({"PATH": "/bin"}, instructor=True)
    folders = [str(lab.INSTRUCTOR), str(lab.COMMON)]
    assert of_instructor["JUPYTER_CONFIG_PATH"].split(os.pathsep) == folders
    for folder in (lab.LEARNER, lab.COMMON):
        assert (folder / "labconfig" / "page_config.json").exists()


def test_a_home_that_cannot_be_written_to_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "WORK", tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert os.path.isdir(lab.environment({"PATH": "/bin"})["HOME"])
