"""What is made of a source: kept until something changes that was read for it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook, GradeCell, InvalidEntry, SourceCell
from side_by_side import KERNEL, empty_gradebook

from classroom import LESSON, make_course, make_source, meta
from nbjudge.coursedir import assignments, pipeline
from nbjudge.coursedir.rebuild import rebuild
from nbjudge.coursedir.results import KEPT
from nbjudge.coursedir.settings import read_settings
from nbjudge.errors import GradebookError

TESTS = """python3:
    dispatch: "type({{snippet}})"
    normalize: "str({{snippet}})"
    check: 'assert {{snippet}} == "{{value}}", "{{message}}"'
    templates:
        default:
            - test: "{{snippet}}"
              fail: "value of {{snippet}} is not correct"
"""


@pytest.fixture
def root(tmp_path):
    """A course whose check is made by running the solution, which uses the course's own package."""
    answer = new_code_cell(
        "from tools_of_course import TWO\nx = TWO", metadata=meta("x", solution=True)
    )
    metadata = meta("check-x", grade=True, locked=True, points=1)
    cells = [new_code_cell("# @HERE@"), answer, new_code_cell("### AUTOTEST x", metadata=metadata)]
    folder = tmp_path / "source" / LESSON
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), folder / "p1.ipynb")
    (folder / "tools_of_course.py").write_text("TWO = 2")
    (tmp_path / "autotests.yml").write_text(TESTS)
    (tmp_path / "steps_of_course.py").write_text(
        "def here(notebook, resources):\n"
        "    notebook.cells[0].source = 'here = 1'\n"
        "    return notebook, resources\n"
    )
    (tmp_path / "nbgrader_config.py").write_text(
        "from steps_of_course import here\n"
        "from nbgrader.converters import GenerateAssignment\n"
        "c = get_config()\n"
        "steps = GenerateAssignment.preprocessors.default_args[0]\n"
        "c.GenerateAssignment.preprocessors = [here, *steps]\n"
    )
    (tmp_path / KEPT).mkdir()
    (tmp_path / "gradebook.db").write_bytes(empty_gradebook())
    return tmp_path


def register(root):
    """What `grade` asks for, with settings that were read anew."""
    settings = read_settings(root)
    sources, _ = assignments.read_sources(settings.folders, LESSON)
    return assignments.register(settings, LESSON, sources)


def test_kept_notebooks_are_used_until_something_changes(root, monkeypatch):
    made = register(root)
    texts = [cell.source for cell in made.graded["p1"].cells]
    assert texts == [
        "here = 1",
        "# YOUR CODE HERE\nraise NotImplementedError()",
        'assert str(x) == "2", "value of x is not correct"\n',
    ]
    runs = []
    make = pipeline.make
    monkeypatch.setattr(pipeline, "make", lambda *arguments: runs.append(1) or make(*arguments))
    assert register(root) == made and runs == []
    changes = {
        f"source/{LESSON}/tools_of_course.py": "TWO = 3",
        "autotests.yml": TESTS.replace("is not correct", "is wrong"),
        "steps_of_course.py": "def here(notebook, resources):\n    return notebook, resources\n",
    }
    for number, (name, text) in enumerate(changes.items(), 1):
        (root / name).write_text(text)
        changed = register(root)
        assert len(runs) == number and changed != made
        made = changed
    assert made.graded["p1"].cells[2].source == 'assert str(x) == "3", "value of x is wrong"\n'
    (root / KEPT / f"{LESSON}.made.json").write_text('{"stamp": 1')  # cut off by a crash
    assert register(root) == made


def test_a_check_that_was_changed_after_its_release_is_no_edit(tmp_path):
    make_course(tmp_path)
    (tmp_path / KEPT).mkdir()
    (tmp_path / "gradebook.db").write_bytes(empty_gradebook())
    release = tmp_path / "release" / LESSON / f"{LESSON}.ipynb"
    release.parent.mkdir(parents=True)
    submitted = register(tmp_path).given[LESSON]
    nbformat.write(submitted, release)
    source = make_source()
    for cell in source.cells:
        cell.source = cell.source.replace("raise AssertionError", "raise ValueError")
    nbformat.write(source, tmp_path / "source" / LESSON / release.name)
    for _ in ("made", "kept"):
        made = register(tmp_path)
        changed = made.graded[LESSON], submitted, made.given[LESSON]
        assert rebuild(*changed)[1] == []
    submitted.cells[-1].source = "pass"
    (finding,) = rebuild(*changed)[1]
    assert finding.startswith("the locked cell `check-mean` was edited")


def test_cells_have_ids_of_their_own_and_the_same_ones_each_time():
    notebook = make_source()
    for cell in notebook.cells:
        cell.pop("id")
    notebook.cells[2]["id"] = notebook.cells[3]["id"] = "cell-00"
    pipeline.name_cells(notebook, {})
    ids = [cell["id"] for cell in notebook.cells]
    assert ids == ["cell-00-2", "cell-01", "cell-00", "cell-03", "cell-04"]


def test_a_cell_that_is_not_given_out_keeps_its_place():
    graded = make_source()
    released = make_source()
    del released.cells[2], released.cells[0]
    graded.cells = pipeline.needed_cells(graded, released)  # a test stays, an ungraded cell goes
    given = pipeline.aligned(released, graded)
    assert [cell["id"] for cell in given.cells] == [cell["id"] for cell in graded.cells]
    assert [bool(cell.source) for cell in given.cells] == [True, False, True, True]
    assert given.cells[1].metadata == {}


def test_cells_are_registered_all_or_none(tmp_path, monkeypatch):
    make_course(tmp_path)
    (tmp_path / KEPT).mkdir()
    (tmp_path / "gradebook.db").write_bytes(empty_gradebook())

    def known():
        with Gradebook(read_settings(tmp_path).gradebook_url) as gradebook:
            return gradebook.db.query(GradeCell).count(), gradebook.db.query(SourceCell).count()

    def broken(*arguments, **fields):
        raise InvalidEntry("(sqlite3.OperationalError) database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Gradebook, "update_or_create_source_cell", broken)
        with pytest.raises(GradebookError, match="disk is full"):
            register(tmp_path)
    assert known() == (0, 0)
    register(tmp_path)
    assert all(known())
