"""The answer bank and the kill matrix, on the tiny course."""

import os

import pytest

from classroom import ANSWERS, LESSON, bank_entry, make_course, make_source
from nbjudge.answer_bank import assignments_of, read_bank, source_notebook
from nbjudge.answers import checks_that_kill_nothing, checks_that_repeat, grade_bank, prove
from nbjudge.coursedir.report import UNANSWERED
from nbjudge.errors import AnswerBankError

NOT_A_SUM = "# misconception: not-a-sum\n"
FIRST = "def add(x, y):\n    return x"
SUM = "def mean(values):\n    return sum(values)"


@pytest.fixture
def course(tmp_path):
    make_course(tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def bank(tmp_path):
    (tmp_path / "bank").mkdir()
    return tmp_path / "bank"


def test_the_kill_matrix_finds_what_is_off(course, bank):
    """A bank with a wrong answer that passes, one with another code, and a right one that fails."""
    bank_entry(bank, "wrong", "add", "a-killed", NOT_A_SUM + FIRST)
    bank_entry(bank, "wrong", "add", "b-survives", NOT_A_SUM + ANSWERS["add"])
    bank_entry(bank, "wrong", "add", "c-other-code", f"# misconception: no-division\n{FIRST}")
    bank_entry(bank, "right", "mean", "a-passes", f"{SUM} / max(len(values), 1)")
    bank_entry(bank, "right", "mean", "b-fails", SUM)
    told = []
    rows = {}
    found = grade_bank([LESSON], bank, course, lambda *news: told.append(news), reference_once=True)
    for row in found:
        rows[row.answer.kind, row.answer.exercise, row.answer.name] = row
    assert [name for name, row in rows.items() if not row.ok] == [
        ("wrong", "add", "b-survives"),
        ("wrong", "add", "c-other-code"),
        ("right", "mean", "b-fails"),
    ]
    assert rows["wrong", "add", "a-killed"].found == "not-a-sum"
    assert rows["wrong", "add", "b-survives"].found == "passed"
    assert rows["untouched", "mean", "release"].found == UNANSWERED
    assert len(rows) == 9  # five of the bank, two of the reference, two of the release
    assert told[-1] == (7, 7)  # sheets: reference, untouched, three wrong, two right
    assert sorted(os.listdir(course)) == ["nbgrader_config.py", "source"]  # nothing is left there


def test_proof_of_a_good_bank_and_of_one_that_lacks_an_answer(course, bank, capsys):
    bank_entry(bank, "wrong", "add", "a", NOT_A_SUM + FIRST)
    assert assignments_of(bank) == [LESSON]
    assert not prove(course, [LESSON], bank)
    assert f"Checks that kill nothing: {LESSON}/check-mean" in capsys.readouterr().out
    bank_entry(bank, "wrong", "mean", "a", f"# misconception: no-division\n{SUM}")
    assert prove(course, [LESSON], bank)
    assert "Wrong answers killed by their own code: 2/2" in capsys.readouterr().out


def test_an_answer_that_spoils_another_exercise_has_a_row_for_it(course, bank):
    spoils = f"{ANSWERS['add']}\nsum = max"  # which `mean` of the reference calls
    bank_entry(bank, "right", "add", "a", spoils)
    off = [row.answer for row in grade_bank([LESSON], bank, course) if not row.ok]
    assert [(answer.exercise, answer.name) for answer in off] == [("mean", "on right-01")]


def test_answers_may_hand_in_files(course, bank):
    """The reference's file lies beside every sheet but the untouched release.

    It is made once, and an answer's script changes its own copy.
    """
    product = "def add(x, y):\n    return x + y * int(open('factor.txt').read())"
    double = "open('factor.txt', 'w').write('2')"
    as_before = "assert open('factor.txt').read() == '1'"
    bank_entry(bank, "wrong", "add", "a", f"{NOT_A_SUM}{product}\n### MAKE FILES\n{double}\n")
    bank_entry(bank, "right", "add", "b", f"{product}\n### MAKE FILES\n{as_before}\n")
    (bank / LESSON / "files.py").write_text("open('factor.txt', 'w').write('1')")
    assert all(row.ok for row in grade_bank([LESSON], bank, course))
    bank_entry(bank, "right", "add", "c", f"{product}\n### MAKE FILES\n1 / 0\n")
    with pytest.raises(AnswerBankError, match=r"right/add/c.py: its script failed .*division"):
        grade_bank([LESSON], bank, course)


@pytest.mark.parametrize(
    ("kind", "exercise", "text", "sentence"),
    [
        ("wrong", "add", FIRST, "first line must be"),
        ("wrong", "unheard-of", NOT_A_SUM, "no exercise `unheard-of`"),
        ("odd", "add", "pass", "`odd` is not wrong or right"),
    ],
)
def test_errors_in_the_bank_are_named(bank, kind, exercise, text, sentence):
    bank_entry(bank, kind, exercise, "name", text)
    with pytest.raises(AnswerBankError, match=sentence):
        read_bank(bank, LESSON, make_source())


def test_an_assignment_without_a_source_is_named(course):
    with pytest.raises(AnswerBankError, match=r"99-none.ipynb: there is no such notebook"):
        source_notebook(course, "99-none")


def test_checks_that_prove_nothing_are_listed(bank):
    source = make_source()
    bank_entry(bank, "wrong", "add", "a", NOT_A_SUM + FIRST)
    assert checks_that_kill_nothing(read_bank(bank, LESSON, source)) == ["check-mean"]
    assert checks_that_repeat(source) == []
    check = next(cell for cell in source.cells if cell.id == "check-add")
    check.source = (
        "assert add(2, 3) == 5\n### BEGIN HIDDEN TESTS\nassert add(2, 3) == 5\n### END HIDDEN TESTS"
    )
    assert checks_that_repeat(source) == ["check-add"]
