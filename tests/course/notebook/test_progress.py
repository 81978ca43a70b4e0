"""Progress is read from the learner's own notebooks, whatever state they are in."""

import json

from course.checking.panel import CHECKED, text_digest
from course.notebook import progress
from course.paths import RELEASE

PASSED = {
    "output_type": "display_data",
    "data": {"text/plain": ["Passed: your count is right."]},
    "metadata": {},
}
FAILED = {"output_type": "error", "ename": "Misconception", "evalue": "Not yet", "traceback": []}


def notebook(folder, lesson, *outputs):
    """The learner's copy of a lesson, in which each check has shown these outputs."""
    cells = json.loads((RELEASE / lesson / f"{lesson}.ipynb").read_text())["cells"]
    for cell in filter(progress.is_check, cells):
        cell["outputs"] = list(outputs)
    (folder / lesson).mkdir()
    (folder / lesson / f"{lesson}.ipynb").write_text(json.dumps({"cells": cells}))


def test_points_come_from_checks_that_passed(tmp_path):
    notebook(tmp_path, "00-start-here", PASSED)
    notebook(tmp_path, "01-replace-the-head", PASSED, FAILED)
    notebook(tmp_path, "02-freeze", PASSED)
    folder = tmp_path / "03-batchnorm-trap"
    folder.mkdir()
    (folder / "03-batchnorm-trap.ipynb").write_text('{"cells": [')  # half saved
    first, second, third, fourth, *_ = progress.progress(tmp_path)
    assert (first.got, first.points, first.minutes) == (1, 1, 0)
    assert (second.got, second.points) == (0, 20)
    assert 60 <= second.minutes <= 100
    assert (third.got, third.points, third.minutes) == (20, 20, 0)
    assert (fourth.got, fourth.points) == (0, 20)
    text = progress.as_text([first, second])
    assert "01 Replace the head" in text
    assert f"{second.minutes} minutes" in text
    hours, minutes = divmod(second.minutes, 60)
    assert f"1 of 21 points, about {hours} h {minutes:02} min to go." in text
    assert "nothing left to do" in progress.as_text([first])


def test_a_point_is_lost_with_the_answer_that_got_it(tmp_path):
    judged = {**PASSED, "data": {**PASSED["data"], CHECKED: {"answer": text_digest("x = 1")}}}
    notebook(tmp_path, "00-start-here", judged)
    assert progress.progress(tmp_path)[0].got == 0
    path = tmp_path / "00-start-here" / "00-start-here.ipynb"
    saved = json.loads(path.read_text())
    progress.exercises_of(saved["cells"])["count-parameters"]["source"] = ["x = 1\n"]
    path.write_text(json.dumps(saved))
    assert progress.progress(tmp_path)[0].got == 1


def test_the_map_links_to_every_lesson(tmp_path, monkeypatch):
    (tmp_path / "00-start-here").mkdir()
    monkeypatch.chdir(tmp_path / "00-start-here")
    shown = []
    monkeypatch.setattr(progress, "display", lambda bundle, raw: shown.append(bundle))
    progress.lesson_map()
    for path in RELEASE.glob("*/*.ipynb"):
        assert f'href="../{path.stem}/{path.name}"' in shown[0]["text/html"]
    assert "to go" in shown[0]["text/plain"]
