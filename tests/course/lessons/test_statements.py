"""Each sentence of a statement is shown by answers of the bank, or it requires nothing."""

import pytest

from course.paths import ANSWERS, RELEASE
from nbjudge.answer_bank import assignments_of, read_bank, source_notebook
from tests.support.statements import sentences, statements, table

ROW = {"sentence", "wrong", "right", "note"}


@pytest.mark.parametrize("lesson", assignments_of(ANSWERS))
def test_each_sentence_has_its_answers(lesson):
    """A wrong answer breaks what a sentence requires, a right one uses what a sentence allows."""
    rows = table(lesson)
    asked = statements(lesson)
    bank = read_bank(ANSWERS, lesson, source_notebook(RELEASE.parent, lesson))
    names = {
        kind: {exercise: {answer.name for answer in answers} for exercise, answers in of.items()}
        for kind, of in bank.items()
    }
    assert list(rows) == list(asked)
    for exercise, text in asked.items():
        assert [row["sentence"] for row in rows[exercise]] == sentences(text), exercise
        for row in rows[exercise]:
            assert set(row) <= ROW and len(row) > 1, row
            for kind in {"wrong", "right"} & set(row):
                assert row[kind], row
                assert set(row[kind]) <= names[kind][exercise], row
            if not row.get("wrong"):
                assert row.get("right") or row["note"], row
