"""What a graded submission says: to its student, to the instructor, and once for the assignment."""

import codecs

import nbformat
import pytest

from classroom import ANSWERS, LESSON, answered, hand_in, make_course, points
from nbjudge.coordinator import grade
from nbjudge.coursedir.rebuild import released
from nbjudge.display import grade_and_show
from nbjudge.grading.options import Options

ONE = Options(workers=1)


def test_a_check_whose_last_value_is_no_number_is_told_once(tmp_path):
    """In a course with one such check for each kind of value, and others that are all right."""
    make_course(tmp_path)
    meant = {
        "compared": "mean([1, 3]) == 2",
        "text": "'0.5'",
        "fraction": "import fractions\nfractions.Fraction(1, 2)",
        "decimal": "import decimal\ndecimal.Decimal('0.5')",
    }
    right = {
        "number": "0.5",
        "nothing": "print(mean([1, 3]) == 2)",
        "list": "[mean([1])]",
        "silenced": "mean([1, 3]) == 2;",
        "object": "object()",
        "asserted": "assert mean([1, 3]) == 2",
        "failed": "assert mean([1, 3]) == 3\nTrue",
    }
    path = tmp_path / "source" / LESSON / f"{LESSON}.ipynb"
    source = nbformat.read(path, as_version=4)
    for name, text in {**meant, **right}.items():
        cell = nbformat.from_dict(source.cells[-1])
        cell.source = text
        cell.id = cell.metadata.nbgrader.grade_id = name
        source.cells.append(cell)
    nbformat.write(source, path)
    given = released(source)
    for cell in given.cells:
        cell.source = ANSWERS.get(cell.id, cell.source)
    for student in ("ada", "bob", "cy"):
        hand_in(tmp_path, student, given)
    findings = grade(tmp_path, [LESSON], options=ONE).findings
    assert points(tmp_path, "ada")[2:] == [2, 2, 2, 2, 0.5, 2, 2, 2, 2, 2, 0]
    said = [(each.student, each.file, each.says.partition(" ends with")[0]) for each in findings]
    place = f"source/{LESSON}/{LESSON}.ipynb"
    assert sorted(said) == sorted(("", place, f"the check `{name}`") for name in meant)
    again = grade(tmp_path, [LESSON], ["ada"], options=ONE)
    assert again.cells == 0 and len(again.findings) == len(meant)


def test_notes_that_say_the_same_of_many_are_printed_once(tmp_path, capsys):
    make_course(tmp_path)
    for student in ("ada", "bob", "cy"):
        hand_in(tmp_path, student, answered())
        hand_in(tmp_path, student, "1", "conftest.py")
    hand_in(tmp_path, "dan", "no notebook")
    grade_and_show(tmp_path, [LESSON], options=ONE)
    told = capsys.readouterr().err
    assert told.count("conftest.py") == 1
    assert "Note: 3 students (ada, bob, cy): beside the notebook lies conftest.py" in told
    assert f"Not graded: dan, submitted/dan/{LESSON}/{LESSON}.ipynb: the file is not JSON" in told


@pytest.mark.parametrize("way", ["windows", "byte order mark"])
def test_a_notebook_from_windows_is_graded_without_a_word(tmp_path, way):
    make_course(tmp_path)
    if way == "windows":
        notebook = answered()
        for cell in notebook.cells:
            cell.source = cell.source.replace("\n", "\r\n")
        hand_in(tmp_path, "one", nbformat.writes(notebook).replace("\n", "\r\n"))
    else:
        hand_in(tmp_path, "one", codecs.BOM_UTF8 + nbformat.writes(answered()).encode())
    assert grade(tmp_path, [LESSON], options=ONE).findings == []
    assert points(tmp_path) == [2, 2]
    graded = tmp_path / "autograded" / "one" / LESSON / f"{LESSON}.ipynb"
    assert "\\r" not in graded.read_text()
