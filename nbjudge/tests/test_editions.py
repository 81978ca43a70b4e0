"""A learner's file moved to a new release, and one exercise reset: nothing written is lost."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from classroom import meta
from nbjudge.cli import app
from nbjudge.editions import reset_file, update_file
from nbjudge.errors import CourseError

STUB = "def {0}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def exercise(name, statement, points=2, check="assert {0}(1) == 2"):
    """A statement, an answer cell with its stub, and a check."""
    graded = meta(f"check-{name}", grade=True, locked=True, points=points)
    return [
        new_markdown_cell(statement, id=f"text-{name}"),
        new_code_cell(STUB.format(name), id=name, metadata=meta(name, solution=True)),
        new_code_cell(check.format(name), id=f"check-{name}", metadata=graded),
    ]


def release(*parts):
    cells = [cell for part in parts for cell in part]
    for number, cell in enumerate(cells):
        if not cell.metadata.get("nbgrader"):
            cell.id = f"cell-{number:02d}"  # ids of given cells only number them
    return new_notebook(cells=cells)


def given(source, kind=new_code_cell, **metadata):
    return [kind(source, metadata=metadata)]


def old_release():
    return release(
        given("# Lesson one\nAll about adding.", new_markdown_cell),
        given("import math\nepochs = 3"),
        given("plot(epochs, colour='red', title='an experiment')", tags=["experiment"]),
        exercise("add", "Add one."),
        exercise("gone", "Say goodbye."),
        exercise("half", "Half of it."),
        given("# The end\nYou have learnt to add.", new_markdown_cell),
    )


def new_release():
    return release(
        given("# Lesson one\nAll about adding.", new_markdown_cell),
        given("A paragraph that only the new edition has.", new_markdown_cell),
        given("import math\nepochs = 5"),
        given("plot(epochs, colour='red', title='an experiment')", tags=["experiment"]),
        exercise("add", "Add one to it.", points=3),
        exercise("half", "Half of it.", check="assert {0}(4) == 2"),
        exercise("fresh", "Something else."),
        given("# The end\nYou have learnt to add.", new_markdown_cell),
    )


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def texts(notebook):
    return [cell.source for cell in notebook.cells]


class Desk:
    """A learner's file, a release beside it, and the folder for what is replaced."""

    def __init__(self, folder):
        self.mine, self.release = folder / "one.ipynb", folder / "release.ipynb"
        self.earlier = folder / "earlier"

    def update(self, theirs, new, old=None):
        nbformat.write(theirs, self.mine)
        nbformat.write(new, self.release)
        old = nbformat.writes(old).encode() if old else None
        done = update_file(self.mine, self.release, old, self.earlier)
        return nbformat.read(self.mine, 4), done

    def reset(self, theirs, new, name):
        nbformat.write(theirs, self.mine)
        nbformat.write(new, self.release)
        done = reset_file(self.mine, self.release, name, self.earlier)
        return nbformat.read(self.mine, 4), done


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def worked():
    """The old release after a learner has worked in it."""
    notebook = old_release()
    cells = by_id(notebook)
    cells["add"].source = "def add(x):\n    return x + 1"
    cells["gone"].source = "def gone(x):\n    return 'my goodbye'"
    notebook.cells.insert(6, new_code_cell("add(5)  # my own try", id="0a1b2c"))
    return notebook


def test_answers_and_own_cells_come_into_the_new_release(desk, worked):
    before = nbformat.writes(worked)
    updated, done = desk.update(worked, new_release(), old_release())
    cells = by_id(updated)
    assert cells["add"].source == "def add(x):\n    return x + 1"
    assert cells["half"].source == STUB.format("half")
    assert cells["check-add"].metadata.nbgrader.points == 3
    assert cells["check-half"].source == "assert half(4) == 2"
    own = [text for text in texts(updated) if text not in texts(new_release())]
    assert own == [
        "def add(x):\n    return x + 1",
        "add(5)  # my own try",
        "def gone(x):\n    return 'my goodbye'",
    ]
    assert texts(updated).index(own[1]) == texts(updated).index("assert add(1) == 2") + 1
    assert [text for text in texts(new_release()) if text not in texts(updated)] == [
        STUB.format("add")
    ]
    assert (done.answers, done.own) == (1, 2)
    assert done.changes == [
        "add: changed: its statement, its points (2, now 3)",
        "half: changed: its check",
        "fresh: a new exercise (2 points)",
        "gone: the new edition does not have this exercise",
        "other cells: 1 changed, 1 new",
        "gone: your answer is kept in a cell of its own",
    ]
    assert nbformat.reads(done.before.read_text(), 4) == nbformat.reads(before, 4)


def test_a_second_update_changes_nothing_more(desk, worked):
    once, _ = desk.update(worked, new_release(), old_release())
    twice, done = desk.update(copy.deepcopy(once), new_release(), new_release())
    assert texts(twice) == texts(once)
    assert (done.answers, done.own, done.changes) == (1, 2, [])
    assert len(list(desk.earlier.iterdir())) == 2  # in the same second, under two names


def test_edited_given_cells(desk, worked):
    cells = by_id(worked)
    cells["cell-01"].source = "import math\nepochs = 100"  # the new release changes it, too
    cells["cell-02"].source = "plot(epochs, colour='blue', title='an experiment')"
    cells["cell-00"].source += "\n\nMy note."
    cells["check-add"].source = "pass"
    updated, done = desk.update(worked, new_release(), old_release())
    assert "plot(epochs, colour='blue', title='an experiment')" in texts(updated)
    assert "# Lesson one\nAll about adding.\n\nMy note." in texts(updated)
    place = texts(updated).index("import math\nepochs = 5")
    assert updated.cells[place + 1].cell_type == "markdown"
    assert "```python\nimport math\nepochs = 100\n```" in updated.cells[place + 1].source
    assert by_id(updated)["check-add"].source == "assert add(1) == 2"
    assert any("your version is kept below it" in change for change in done.changes)
    assert "check-add: you had edited it; it is the course's again" in done.changes


def test_notebooks_of_a_format_without_ids(desk, worked):
    by_id(worked)["cell-02"].source = "plot(epochs, colour='blue', title='an experiment')"
    new, old = new_release(), old_release()
    for notebook in (worked, new, old):
        notebook.nbformat_minor = 4
        for cell in notebook.cells:
            del cell["id"]
    updated, done = desk.update(worked, new, old)
    assert "plot(epochs, colour='blue', title='an experiment')" in texts(updated)
    assert "plot(epochs, colour='red', title='an experiment')" not in texts(updated)
    assert (done.answers, done.own) == (1, 2)


def test_a_copied_experiment_and_a_raw_cell_are_the_learners(desk, worked):
    again = copy.deepcopy(worked.cells[2])
    again.id, again.source = "77aa", "plot(1)  # my copy"
    worked.cells[3:3] = [again, nbformat.v4.new_raw_cell("raw words")]
    updated, _ = desk.update(worked, new_release(), old_release())
    kinds = {cell.source: cell.cell_type for cell in updated.cells}
    assert kinds["plot(1)  # my copy"] == "code"
    assert kinds["raw words"] == "raw"


def test_outputs_stay_where_their_code_is_the_same(desk, worked):
    shown = [new_output("stream", text="ran")]
    for cell in worked.cells:
        if cell.cell_type == "code":
            cell.outputs = shown
    updated, _ = desk.update(worked, new_release(), old_release())
    having = {cell.source for cell in updated.cells if cell.get("outputs")}
    assert "assert add(1) == 2" in having and "add(5)  # my own try" in having
    assert having.isdisjoint({"assert half(4) == 2", "import math\nepochs = 5"})


def test_a_split_answer_is_joined_and_told(desk, worked):
    cells = by_id(worked)
    cells["add"].source = "def add(x):"
    second = copy.deepcopy(cells["add"])
    second.id, second.source = "9f9f", "    return x + 1"
    worked.cells.insert(worked.cells.index(cells["add"]) + 1, second)
    updated, done = desk.update(worked, new_release(), old_release())
    assert by_id(updated)["add"].source == "def add(x):\n    return x + 1"
    assert any(change.startswith("add: its answer cell was split") for change in done.changes)


def test_without_the_old_release_given_cells_are_the_new_ones(desk, worked):
    updated, done = desk.update(worked, new_release())
    assert by_id(updated)["add"].source == "def add(x):\n    return x + 1"
    for text in ("add(5)  # my own try", "def gone(x):\n    return 'my goodbye'"):
        assert text in texts(updated)
    assert "import math\nepochs = 5" in texts(updated)
    assert "import math\nepochs = 3" not in texts(updated)
    assert done.answers == 1


@pytest.mark.parametrize("damage", ["", "[1, 2]", '{"cells": [{"a": 1}]}', "{", "\0\xff"])
def test_a_damaged_file_is_left_as_it_is(desk, damage):
    nbformat.write(new_release(), desk.release)
    desk.mine.write_text(damage, encoding="latin-1")
    for act in (
        lambda: update_file(desk.mine, desk.release, None, desk.earlier),
        lambda: reset_file(desk.mine, desk.release, "add", desk.earlier),
    ):
        with pytest.raises(CourseError, match=r"one\.ipynb.*rename it"):
            act()
    assert desk.mine.read_text(encoding="latin-1") == damage
    assert not desk.earlier.exists()


def test_one_exercise_is_reset_alone(desk, worked):
    worked.cells[1].metadata["mine"] = "stays"
    before = copy.deepcopy(worked)
    after, done = desk.reset(worked, old_release(), "add")
    assert done.changed and done.before.read_text() == "def add(x):\n    return x + 1\n"
    assert by_id(after)["add"].source == STUB.format("add")
    for one, other in zip(before.cells, after.cells, strict=True):
        assert one == other or one.id in ("add", "check-add")
    _, done = desk.reset(after, old_release(), "add")
    assert not done.changed and done.before is None


def test_a_reset_puts_deleted_cells_back_and_drops_copies(desk, worked):
    cells = by_id(worked)
    second = copy.deepcopy(cells["add"])
    second.id, second.source = "copy", "def add(x):\n    return 2"
    worked.cells.append(second)
    worked.cells.remove(cells["check-add"])
    after, done = desk.reset(worked, old_release(), "add")
    assert "return x + 1" in done.before.read_text() and "return 2" in done.before.read_text()
    names = [cell.id for cell in after.cells]
    assert names.count("add") == 1 and "copy" not in names
    assert names.index("check-add") == names.index("add") + 1


def test_a_reset_names_the_exercises_that_there_are(desk, worked):
    with pytest.raises(CourseError, match="no exercise 'sum': choose one of add, gone, half"):
        desk.reset(worked, old_release(), "sum")


def test_another_notebook_is_left_as_it_is(desk):
    other = release(exercise("other", "Something else."))
    with pytest.raises(CourseError, match=r"none of the exercises.*left as it is"):
        desk.update(other, new_release(), old_release())
    assert not desk.earlier.exists()


def test_the_command(desk, worked):
    old = desk.mine.with_name("old.ipynb")
    for notebook, path in (
        (worked, desk.mine),
        (new_release(), desk.release),
        (old_release(), old),
    ):
        nbformat.write(notebook, path)
    command = ["update", str(desk.mine), str(desk.release), "--began-with", str(old)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "Answers put in: 1, cells of the learner's own: 2" in done.output
    assert "fresh: a new exercise" in done.output
    assert by_id(nbformat.read(desk.mine, 4))["add"].source == "def add(x):\n    return x + 1"
    old.write_text("no notebook")
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1 and "began with is not a notebook" in done.output
