"""Rebuilding: what is graded is the source with the student's answers in it, whatever happened."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import compute_checksum
from traitlets.config import Config

from classroom import meta
from nbjudge.coursedir.rebuild import is_students, rebuild, released
from nbjudge.coursedir.submissions import parse_notebook
from nbjudge.errors import SubmissionError


def make_source():
    """Two exercises and a written one, with given code and an experiment between them."""
    answer = "def {0}(x):\n    ### BEGIN SOLUTION\n    return x + {1}\n    ### END SOLUTION"
    check = (
        "assert {0}(1) == {2}\n"
        "### BEGIN HIDDEN TESTS\nassert {0}(5) == {1} + 5\n### END HIDDEN TESTS"
    )
    cells = [
        new_markdown_cell("# Lesson", id="cell-00"),
        new_code_cell("import math", id="cell-01"),
    ]
    for name, number in (("one", 1), ("two", 2)):
        cells += [
            new_code_cell(answer.format(name, number), id=name, metadata=meta(name, solution=True)),
            new_code_cell(
                check.format(name, number, number + 1),
                id=f"check-{name}",
                metadata=meta(f"check-{name}", grade=True, locked=True, points=2),
            ),
        ]
    cells.append(new_code_cell("epochs = 3", id="cell-06", metadata={"tags": ["experiment"]}))
    cells.append(
        new_markdown_cell(
            "YOUR ANSWER HERE",
            id="why",
            metadata=meta("why", solution=True, grade=True, points=1),
        )
    )
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "made_from": "abc",
        },
    )


RIGHT = {"one": "def one(x):\n    return x + 1", "two": "def two(x):\n    return 2 + x"}


@pytest.fixture
def source():
    return make_source()


@pytest.fixture
def submitted():
    notebook = released(make_source())
    for cell in notebook.cells:
        cell.source = RIGHT.get(cell.id, cell.source)
    return notebook


def at(notebook, grade_id):
    for place, cell in enumerate(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            return place
    raise AssertionError(f"there is no cell {grade_id}")


def cell_of(notebook, grade_id):
    return notebook.cells[at(notebook, grade_id)]


def texts(notebook):
    return [cell.source for cell in notebook.cells]


def plain(source):
    return new_code_cell(source)


def test_answers_go_in_and_all_else_is_the_source(source, submitted):
    before = copy.deepcopy(source)
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    assert source == before
    assert [cell.metadata for cell in notebook.cells] == [cell.metadata for cell in source.cells]
    assert notebook.metadata == source.metadata
    expected = [RIGHT.get(cell.id, cell.source) for cell in source.cells]
    expected[-1] = "YOUR ANSWER HERE"
    assert texts(notebook) == expected


def test_untouched_release_keeps_the_stub(source):
    notebook, findings = rebuild(source, released(source))
    assert findings == []
    assert "NotImplementedError" in cell_of(notebook, "one").source
    assert "BEGIN HIDDEN" in cell_of(notebook, "check-one").source


def test_written_answer_and_its_pictures_go_in(source, submitted):
    cell_of(submitted, "why").source = "Because."
    cell_of(submitted, "why")["attachments"] = {"a.png": {"image/png": "AAAA"}}
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    assert cell_of(notebook, "why").source == "Because."
    assert cell_of(notebook, "why").attachments == {"a.png": {"image/png": "AAAA"}}


def test_metadata_of_the_submission_means_nothing(source, submitted):
    for cell in submitted.cells:
        cell.metadata["tags"] = ["skip-execution", "experiment"]
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=100, grade=False, solution=False, locked=False)
    notebook, _ = rebuild(source, submitted)
    assert [cell.metadata for cell in notebook.cells] == [cell.metadata for cell in source.cells]


def test_outputs_are_dropped(source, submitted):
    cell_of(submitted, "one").outputs = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    notebook, _ = rebuild(source, submitted)
    assert all(cell.get("outputs", []) == [] for cell in notebook.cells)


def test_missing_answer_counts_as_not_answered(source, submitted):
    del submitted.cells[at(submitted, "one")]
    notebook, findings = rebuild(source, submitted)
    assert findings == [
        "the answer cell `one` is missing: it counts as not answered, "
        "ask the learner if that was not meant"
    ]
    assert "NotImplementedError" in cell_of(notebook, "one").source


def test_missing_answer_is_found_in_an_added_cell(source, submitted):
    submitted.cells[at(submitted, "one")] = plain(RIGHT["one"])
    notebook, findings = rebuild(source, submitted)
    assert len(findings) == 1
    assert "the added cell that defines `one` is graded" in findings[0]
    assert cell_of(notebook, "one").source == RIGHT["one"]
    assert len(notebook.cells) == len(source.cells)


def test_emptied_answer_counts_as_not_answered(source, submitted):
    cell_of(submitted, "one").source = "\n"
    notebook, findings = rebuild(source, submitted)
    assert len(findings) == 1
    assert "`one` is empty" in findings[0]
    assert "NotImplementedError" in cell_of(notebook, "one").source


def test_added_cells_stay_where_they_stood_without_metadata(source, submitted):
    submitted.cells.insert(at(submitted, "one"), plain("offset = 1"))
    stray = new_code_cell(
        "probe = 7",
        metadata={"tags": ["skip-execution"], **meta("unheard-of", grade=True, points=50)},
    )
    submitted.cells.insert(at(submitted, "check-one"), stray)
    submitted.cells.append(new_markdown_cell("my notes"))
    submitted.cells.insert(0, plain("first = 0"))
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    order = texts(notebook)
    assert order[0] == "first = 0" and order[-1] == "my notes"
    assert order.index("offset = 1") == at(notebook, "one") - 1
    assert order.index("probe = 7") == at(notebook, "check-one") - 1
    assert all(
        cell.metadata == {}
        for cell in notebook.cells
        if cell.source in ("offset = 1", "probe = 7", "my notes", "first = 0")
    )


def test_copies_of_experiments_and_empty_cells_are_left_out(source, submitted):
    submitted.cells += [new_code_cell("epochs = 300", metadata={"tags": ["experiment"]}), plain("")]
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    assert texts(notebook) == texts(rebuild(source, released(source))[0])[:2] + texts(notebook)[2:]
    assert len(notebook.cells) == len(source.cells)


def test_copy_as_given_out_gives_way_to_the_answer(source, submitted):
    stub = released(source).cells[at(source, "one")]
    submitted.cells.insert(at(submitted, "one") + 1, stub)
    notebook, findings = rebuild(source, submitted)
    assert findings == [
        "the answer cell `one` is there 2 times: the copy that differs from the release is graded, "
        "look at it if the points surprise you"
    ]
    assert texts(notebook).count(RIGHT["one"]) == 1 and len(notebook.cells) == len(source.cells)


def test_of_two_versions_the_last_is_graded_and_the_first_still_runs(source, submitted):
    first = copy.deepcopy(cell_of(submitted, "one"))
    first.source = "def helper(x):\n    return x\n\ndef one(x):\n    return 0"
    submitted.cells.insert(at(submitted, "one"), first)
    notebook, findings = rebuild(source, submitted)
    assert len(findings) == 1
    assert "the last version that is Python is graded" in findings[0]
    assert cell_of(notebook, "one").source == RIGHT["one"]
    assert notebook.cells[at(notebook, "one") - 1].source == first.source
    assert notebook.cells[at(notebook, "one") - 1].metadata == {}


def test_last_version_that_is_not_python_does_not_win(source, submitted):
    torn = copy.deepcopy(cell_of(submitted, "one"))
    torn.source = "def one(x:"
    submitted.cells.insert(at(submitted, "one") + 1, torn)
    notebook, _ = rebuild(source, submitted)
    assert cell_of(notebook, "one").source == RIGHT["one"]


@pytest.mark.parametrize("keeps_metadata", ["both", "first", "second"])
def test_split_answer_is_joined(source, submitted, keeps_metadata):
    k = at(submitted, "one")
    first, second = "def one(x):\n    y = x + 1", "    return y"
    halves = [copy.deepcopy(submitted.cells[k]) for _ in range(2)]
    halves[0].source, halves[1].source = first, second
    if keeps_metadata == "first":
        halves[1] = plain(second)
    elif keeps_metadata == "second":
        halves[0] = plain(first)
    submitted.cells[k : k + 1] = halves
    notebook, findings = rebuild(source, submitted)
    assert cell_of(notebook, "one").source == f"{first}\n{second}"
    assert len(findings) == 1 and "as one answer" in findings[0] and "`one`" in findings[0]
    assert len(notebook.cells) == len(source.cells)


def test_answer_with_a_magic_is_python(source, submitted):
    k = at(submitted, "one")
    submitted.cells[k].source = "%time\n" + RIGHT["one"]
    submitted.cells.insert(k + 1, plain("one(1)"))
    notebook, findings = rebuild(source, submitted)
    assert findings == [] and cell_of(notebook, "one").source.startswith("%time")


def test_answer_turned_into_text_is_code_again(source, submitted):
    k = at(submitted, "one")
    submitted.cells[k] = new_markdown_cell(RIGHT["one"], metadata=submitted.cells[k].metadata)
    notebook, findings = rebuild(source, submitted)
    assert len(findings) == 1
    assert "turned into a markdown cell" in findings[0]
    assert cell_of(notebook, "one").cell_type == "code"


def test_locked_cells_are_put_back(source, submitted):
    cell_of(submitted, "check-one").source = "pass"
    del submitted.cells[at(submitted, "check-two")]
    notebook, findings = rebuild(source, submitted)
    assert any("`check-one` was edited" in sentence for sentence in findings)
    assert any("`check-two` was deleted" in sentence for sentence in findings)
    for name in ("check-one", "check-two"):
        assert cell_of(notebook, name) == cell_of(source, name)


def test_a_submission_cannot_say_that_an_edited_check_is_a_release_s(source, submitted):
    cell = cell_of(submitted, "check-one")
    cell.source = "pass"
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    submitted, _ = parse_notebook(nbformat.writes(submitted).encode())
    _, findings = rebuild(source, submitted)
    assert len(findings) == 1 and "`check-one` was edited" in findings[0]


HONEST = {
    "windows": lambda text: text.replace("\n", "\r\n"),
    "old mac": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "tabs": lambda text: text.replace("    ", "\t"),
    "semicolons": lambda text: text + ";",
    "spaces": lambda text: text.replace("\n", " \n") + "\n\n",
    "formatter": lambda text: text.replace("'", '"').replace(",", ", "),
    "comment": lambda text: f"# checked\n{text}",
}


@pytest.mark.parametrize("way", HONEST)
def test_what_editors_change_is_no_edit(source, submitted, way):
    check = "for x in [1,2]:\n    assert one(x) == x + 1, 'nö'"
    for place, text in (
        (1, "%matplotlib inline\nnames = ['a','b']"),
        (at(source, "check-one"), check),
    ):
        source.cells[place].source = text
        submitted.cells[place].source = HONEST[way](text)
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    assert cell_of(notebook, "check-one") == cell_of(source, "check-one")


@pytest.mark.parametrize(
    "edit",
    ["for x in [1, 2]:\n    pass", "assert one( x) == 'a  b'", "assert one(x) == 'a b' # "],
)
def test_what_changes_the_test_is_an_edit(source, submitted, edit):
    cell_of(source, "check-one").source = "assert one(x) ==\\\n 'a b'\nassert one(1) == 2"
    cell_of(submitted, "check-one").source = edit
    _, findings = rebuild(source, submitted)
    assert len(findings) == 1 and "`check-one` was edited" in findings[0]


def test_order_comes_from_the_source(source, submitted):
    submitted.cells.reverse()
    notebook, _ = rebuild(source, submitted)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]
    assert cell_of(notebook, "two").source == RIGHT["two"]


def test_experiments_are_free(source, submitted):
    experiment = next(
        cell for cell in submitted.cells if "experiment" in cell.metadata.get("tags", [])
    )
    experiment.source = "epochs = 99"
    notebook, findings = rebuild(source, submitted)
    assert findings == []
    assert "epochs = 99" not in texts(notebook)


def test_lost_cell_ids_are_no_loss(source, submitted):
    for cell in submitted.cells:
        cell.id = f"new-{cell.id}"
    notebook, findings = rebuild(source, submitted)
    assert findings == [] and len(notebook.cells) == len(source.cells)


def test_other_kernel_and_other_edition_are_said(source, submitted):
    submitted.metadata.kernelspec.name = "conda-env-mine"
    submitted.metadata.made_from = "older"
    notebook, findings = rebuild(source, submitted)
    assert (
        len(findings) == 2
        and "`conda-env-mine`" in findings[0]
        and "another edition" in findings[1]
    )
    assert notebook.metadata == source.metadata


def test_another_notebook_is_refused(source):
    with pytest.raises(SubmissionError, match="none of the lesson's"):
        rebuild(source, new_notebook(cells=[plain("import math"), plain("print(1)")]))


@pytest.mark.parametrize(
    "inert",
    [
        {"grade": False, "locked": False, "schema_version": 3, "solution": False},
        {"grade": False, "grade_id": "", "locked": False, "schema_version": 3, "solution": False},
        meta("once-graded")["nbgrader"],
        {},
    ],
)
def test_metadata_that_say_nothing_are_no_answer_and_no_check(source, submitted, inert):
    for notebook in (source, submitted):
        for cell in notebook.cells[:2]:
            cell.metadata["nbgrader"] = copy.deepcopy(inert)
    submitted.cells[1].source = "import cmath"
    stray = new_markdown_cell("my notes", metadata={"nbgrader": copy.deepcopy(inert)})
    submitted.cells.append(stray)
    notebook, findings = rebuild(source, submitted)
    assert cell_of(notebook, "one").source == RIGHT["one"]
    assert texts(notebook)[:2] == ["# Lesson", "import cmath"]
    assert findings == []


def test_a_notebook_without_exercises_is_graded_as_it_was_left(source, submitted):
    del source.cells[2:-2], source.cells[-1]
    left = copy.deepcopy(source)
    left.cells[1].source = "import cmath"
    left.cells.insert(1, plain("probe = 7"))
    left.cells.append(copy.deepcopy(left.cells[-1]))
    notebook, findings = rebuild(source, left)
    assert findings == []
    assert texts(notebook)[:3] == ["# Lesson", "probe = 7", "import cmath"]
    assert notebook.metadata == source.metadata
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert rebuild(source, new_notebook())[0].cells == []


def test_the_release_is_marked_as_the_course_says(source):
    config = Config()
    config.ClearSolutions.begin_solution_delimeter = "MINE"
    config.ClearSolutions.end_solution_delimeter = "THINE"
    config.ClearSolutions.code_stub = {"python": "..."}
    config.ClearHiddenTests.begin_test_delimeter = "SECRET"
    config.ClearHiddenTests.end_test_delimeter = "PUBLIC"
    for old, new in (
        ("### BEGIN SOLUTION", "# MINE"),
        ("### END SOLUTION", "# THINE"),
        ("### BEGIN HIDDEN TESTS", "# SECRET"),
        ("### END HIDDEN TESTS", "# PUBLIC"),
    ):
        for cell in source.cells:
            cell.source = cell.source.replace(old, new)
    given = released(source, config)
    assert cell_of(given, "one").source == "def one(x):\n    ..."
    assert cell_of(given, "check-one").source == "assert one(1) == 2"


@pytest.mark.parametrize("text", ["import math, cmath", "", "import math\nN = 3"])
def test_given_code_that_the_student_has_edited_runs_as_they_left_it(source, submitted, text):
    given = next(cell for cell in submitted.cells if cell.source == "import math")
    given.source = text
    notebook, findings = rebuild(source, submitted)
    assert text in texts(notebook) and "import math" not in texts(notebook)
    assert findings == []
    edited = next(cell for cell in notebook.cells if cell.source == text)
    assert is_students(edited)  # so it never runs where all submissions start from


@pytest.mark.parametrize("text", ["import  math", "import math\r\n", "import math  # mine"])
def test_given_code_that_only_looks_edited_is_the_instructors(source, submitted, text):
    given = next(cell for cell in submitted.cells if cell.source == "import math")
    given.source = text
    notebook, _ = rebuild(source, submitted)
    assert "import math" in texts(notebook)
