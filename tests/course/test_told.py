"""Honest answers are not told: of the bank's right ones, the text of none looks like an attack."""

import nbformat
import pytest

from course.authoring.build import lessons, write_sources
from course.paths import ANSWERS, ROOT
from nbjudge.planning.reaching import Cell, told
from nbjudge.planning.steps import as_texts, code_cells, lesson_of


@pytest.mark.parametrize("lesson", lessons())
def test_no_right_answer_is_told(lesson):
    write_sources()
    source = nbformat.read(ROOT / "source" / lesson / f"{lesson}.ipynb", as_version=4)
    own = lesson_of(source, ("course",))
    given = [cell for cell in as_texts(code_cells(source, source, [])) if cell.kind != "answer"]
    answers = sorted((ANSWERS / lesson / "right").rglob("*.py"))
    for path in answers:
        answer = Cell(path.stem, path.read_text(encoding="utf-8"), "answer")
        assert told([*given, answer], own) == []
    assert answers or lesson == "00-start-here"
