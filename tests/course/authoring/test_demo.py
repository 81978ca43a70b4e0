"""The demo's class: what it hands in on Canvas is collected. `make demo` goes the whole way."""

import nbformat

from course.authoring.build import source_notebook, write_sources
from course.authoring.demo import CLASS, LATE, ROSTER, TWICE, ZIP, hand_in, worth_more
from course.paths import ROOT
from nbjudge.collect.into_course import collect
from nbjudge.coursedir.roster import read_roster
from nbjudge.coursedir.settings import read_settings, write_nested_settings

LESSON = "01-replace-the-head"


def test_canvas_zip_of_the_demo_is_collected_under_the_learners_names(tmp_path):
    write_sources()
    source = tmp_path / "source" / LESSON
    source.mkdir(parents=True)
    nbformat.write(source_notebook(LESSON), source / f"{LESSON}.ipynb")
    write_nested_settings(ROOT, tmp_path)
    hand_in(ROOT, tmp_path, LESSON)
    settings = read_settings(tmp_path)
    result = collect(settings, LESSON, [tmp_path / ZIP], tmp_path / ROSTER)
    assert result.clean and len(result.new) == CLASS
    assert result.new == sorted(person.student for person in read_roster(tmp_path / ROSTER).people)
    said = {finding.student: finding.says for finding in result.findings}
    assert set(said) == {TWICE, LATE}
    submitted = tmp_path / "submitted"
    same = [submitted / name / LESSON / f"{LESSON}.ipynb" for name in (TWICE, "right-1")]
    assert same[0].read_bytes() == same[1].read_bytes()  # not the blank first try


def test_the_exercise_that_gives_more_gives_what_it_gave_before(tmp_path):
    source = tmp_path / "source" / LESSON
    source.mkdir(parents=True)
    path = source / f"{LESSON}.ipynb"
    nbformat.write(source_notebook(LESSON), path)
    before = path.read_bytes()
    with worth_more(tmp_path, LESSON) as exercise:
        assert exercise == "head-inputs" and path.read_bytes() != before
    assert path.read_bytes() == before
