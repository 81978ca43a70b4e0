"""What `nbgrader autograde` promises, asked of `nbjudge grade`.

The cases are those of nbgrader 0.9.6's own tests of autograde, on notebooks of ours. Where nbjudge
differs on purpose, the test says what it does instead, and nbjudge's README names it.
"""

import copy
import shutil
import stat

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook, MissingEntry
from side_by_side import (
    KERNEL,
    answer,
    change,
    check,
    empty_gradebook,
    essay,
    given,
    read_only,
    set_duedate,
)
from typer.testing import CliRunner

from nbjudge.cli import app

CELLS = [
    answer("set_a", "### BEGIN SOLUTION\na = 1\n### END SOLUTION"),
    check("foo", "assert a == 1"),
    check("bar", "assert True"),
    read_only("rules", "Work alone."),
    essay("baz", points=2),
    answer("quux", "print('by hand')", grade=True, points=3),
]
CHANGED = {"set_a": "a = 1", "baz": "Because.", "quux": "print('mine')"}


@pytest.fixture
def root(tmp_path):
    """A course with the assignment ps1 of one notebook, p1."""
    write(tmp_path / "source" / "ps1" / "p1.ipynb", CELLS)
    configure(tmp_path, "c = get_config()")
    (tmp_path / "gradebook.db").write_bytes(empty_gradebook())
    return tmp_path


def write(path, cells, kernel=KERNEL):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = copy.deepcopy(cells)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": kernel} if kernel else {}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)


def configure(root, line):
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(line + "\n")


def released(cells):
    """The cells as they are given out."""
    found = copy.deepcopy(cells)
    for cell in found:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            code = "# YOUR CODE HERE\nraise NotImplementedError()"
            cell.source = code if cell.cell_type == "code" else "YOUR ANSWER HERE"
    return found


def hand_in(root, student, answers=None, cells=CELLS, name="p1", stamp=None):
    found = released(cells)
    for cell in found:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = (answers or {}).get(grade_id, cell.source)
    folder = root / "submitted" / student / "ps1"
    write(folder / f"{name}.ipynb", found)
    if stamp is not None:
        (folder / "timestamp.txt").write_text(stamp)
    return folder


def grade(root, *options, assignment=("ps1",), status=0):
    arguments = ["grade", *assignment, *options, "--workers", "1", "--root", str(root)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, done.output
    return done.output


def submission(root, student, notebook="p1"):
    """(score, most, whether it is to be marked by hand, {cell: comment}, seconds late, penalty)."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        found = book.find_submission_notebook(notebook, "ps1", student)
        comments = {comment.name: comment.auto_comment for comment in found.comments}
        late = book.find_submission("ps1", student).total_seconds_late
        marks = found.score, found.max_score, found.needs_manual_grade
        return *marks, comments, late, found.late_submission_penalty


def graded(root, student, name="p1.ipynb"):
    return root / "autograded" / student / "ps1" / name


def test_points_comments_and_files(root):
    hand_in(root, "unchanged")
    folder = hand_in(
        root, "changed", CHANGED, stamp="2015-02-02 15:58:23.948203 America/Los_Angeles"
    )
    shutil.copy(folder / "p1.ipynb", folder / "p1 copy.ipynb")
    hand_in(root, "empty-stamp", stamp="")
    assert "p1 copy.ipynb" in grade(root)
    nothing = dict.fromkeys(("set_a", "baz", "quux"), "No response.")
    assert submission(root, "unchanged")[:4] == (1, 7, False, nothing)
    assert submission(root, "changed")[:4] == (2, 7, True, dict.fromkeys(nothing))
    assert submission(root, "empty-stamp")[4] == 0
    assert graded(root, "changed", "timestamp.txt").exists()
    assert graded(root, "empty-stamp", "timestamp.txt").exists()
    assert not graded(root, "unchanged", "timestamp.txt").exists()
    assert not graded(root, "changed", "p1 copy.ipynb").exists()
    for path in (graded(root, "changed"), graded(root, "changed", "timestamp.txt")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_student_is_created_unless_the_settings_say_no(root):
    hand_in(root, "new", CHANGED)
    configure(root, "c.Autograde.create_student = False")
    said = grade(root, status=1)
    assert "gradebook has no such learner" in said and not graded(root, "new").exists()
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        assert book.students == []
        book.add_student("new")
    grade(root)
    configure(root, "c.Autograde.create_student = True")
    hand_in(root, "another", CHANGED)
    grade(root)
    assert submission(root, "another")[0] == 2


def test_an_assignment_that_is_not_there(root):
    hand_in(root, "ada")
    assert "there is no such lesson: choose one of ps1" in grade(root, assignment=["ps2"], status=1)
    assert "no assignment was named" in grade(root, assignment=[], status=1)
    configure(root, "c.CourseDirectory.assignment_id = 'ps1'")
    grade(root, assignment=[])
    assert submission(root, "ada")[0] == 1


def test_excluded_students_are_not_graded(root):
    for student in ("foo", "bar", "baz"):
        hand_in(root, student)
    configure(root, "c.CourseDirectory.student_id_exclude = 'bar,baz'")
    grade(root)
    assert submission(root, "foo")[0] == 1
    for student in ("bar", "baz"):
        assert not graded(root, student).exists()
        with pytest.raises(MissingEntry):
            submission(root, student)
    configure(
        root, "c.CourseDirectory.student_id_exclude = ''\nc.CourseDirectory.student_id = 'b*'"
    )
    hand_in(root, "foo", CHANGED)
    grade(root)
    assert [submission(root, student)[0] for student in ("foo", "bar", "baz")] == [1, 1, 1]


def test_a_date_that_is_none_is_told_and_costs_nothing(root):
    hand_in(root, "ada", CHANGED, stamp="But I want to be a date :(")
    assert "timestamp.txt holds no date" in grade(root)  # stock does not grade it
    assert submission(root, "ada")[0] == 2


@pytest.mark.parametrize(
    ("setting", "penalties"),
    [
        ("", (None, None)),
        ("c.LateSubmissionPlugin.penalty_method = 'zero'", (None, 2)),
        ("c.AssignLatePenalties.plugin_class = 'late.Hourly'", (None, 1)),
    ],
)
def test_penalties_for_being_late(root, setting, penalties):
    (root / "late.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\n"
        "class Hourly(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return int(total_seconds_late / 3600)\n"
    )
    configure(root, setting)
    hand_in(root, "on-time", stamp="2015-02-02 14:58:23.948203 America/Los_Angeles")
    hand_in(root, "late", CHANGED, stamp="2015-02-02 15:58:23.948203 America/Los_Angeles")
    grade(root, "--learner", "on-time")
    set_duedate(root, "2015-02-02 14:58:23.948203 America/Los_Angeles")
    grade(root)
    found = [submission(root, student) for student in ("on-time", "late")]
    assert tuple(each[5] for each in found) == penalties
    assert [each[4] for each in found] == [0, 3600]
    hand_in(root, "late", CHANGED, stamp="2015-02-02 14:58:23.948203 America/Los_Angeles")
    grade(root)
    assert submission(root, "late")[4:] == (0, None)  # a penalty goes when the date is corrected


def test_all_is_graded_each_time_and_files_come_back(root):
    for name in ("foo.txt", "data/bar.txt"):
        path = root / "source" / "ps1" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    folder = hand_in(root, "ada", CHANGED)
    (folder / "blah.pyc").write_text("asdf")
    (folder / "foo.txt").write_text("mine")
    grade(root)
    assert graded(root, "ada", "foo.txt").read_text() == "foo.txt"
    assert graded(root, "ada", "data/bar.txt").exists()
    assert not graded(root, "ada", "blah.pyc").exists()
    graded(root, "ada", "foo.txt").unlink()
    grade(root)  # without --force: stock leaves such a submission as it is
    assert graded(root, "ada", "foo.txt").exists()
    for path in (folder / "foo.txt", root / "source" / "ps1" / "foo.txt"):
        path.unlink()
    grade(root, "--force")
    assert graded(root, "ada").exists() and not graded(root, "ada", "foo.txt").exists()


@pytest.mark.parametrize("inside", ["", "subdir/"])
def test_files_that_the_settings_leave_to_the_students(root, inside):
    configure(root, f"c.Autograde.exclude_overwriting = {{'ps1': ['{inside}helper.py']}}")
    folder = hand_in(root, "ada", {"set_a": "a = 1"})
    for place, text in ((root / "source" / "ps1", "theirs"), (folder, "mine")):
        (place / inside).mkdir(exist_ok=True)
        (place / inside / "data.csv").write_text(text)
        (place / inside / "helper.py").write_text(f"# {text}")
    grade(root)
    assert graded(root, "ada", f"{inside}data.csv").read_text() == "theirs"
    assert graded(root, "ada", f"{inside}helper.py").read_text() == "# mine"


def two_notebooks(root):
    write(root / "source" / "ps1" / "p2.ipynb", CELLS)
    for name in ("p1", "p2"):
        hand_in(root, "ada", name=name)


def test_one_notebook_alone(root):
    two_notebooks(root)
    grade(root)
    before = graded(root, "ada", "p2.ipynb").read_text()
    for name in ("p1", "p2"):
        hand_in(root, "ada", CHANGED, name=name, stamp="2026-01-01 12:00:00 UTC")
    grade(root, "--notebook", "p1")
    assert (submission(root, "ada")[0], submission(root, "ada", "p2")[0]) == (2, 1)
    assert graded(root, "ada", "p2.ipynb").read_text() == before
    assert "2026" in graded(root, "ada", "timestamp.txt").read_text()
    grade(root, "--notebook", "p*")
    assert submission(root, "ada", "p2")[0] == 2
    assert "no notebook of it is called q*" in grade(root, "--notebook", "q*", status=1)


def test_one_notebook_first_and_the_other_later(root):
    two_notebooks(root)
    grade(root, "--notebook", "p2")
    assert submission(root, "ada", "p1")[2] and submission(root, "ada", "p2")[0] == 1
    assert not graded(root, "ada", "p1.ipynb").exists()
    grade(root)
    assert submission(root, "ada", "p1")[:3] == (1, 7, False)


def test_a_notebook_that_is_not_handed_in_counts_as_nothing(root):
    two_notebooks(root)
    (root / "submitted" / "ada" / "ps1" / "p2.ipynb").unlink()
    grade(root)
    assert graded(root, "ada").exists() and not graded(root, "ada", "p2.ipynb").exists()
    assert submission(root, "ada", "p2")[:3] == (0, 7, False)


def test_an_empty_folder_is_told(root):
    hand_in(root, "ada")
    (root / "submitted" / "bob" / "ps1").mkdir(parents=True)
    assert "there is no notebook in this folder" in grade(root, status=1)  # stock: only a warning
    assert graded(root, "ada").exists() and not (root / "autograded" / "bob").exists()


@pytest.mark.parametrize("shared", [False, True])
def test_permissions(root, shared):
    configure(root, f"c.CourseDirectory.groupshared = {shared}")
    (root / "source" / "ps1" / "foo.txt").write_text("foo")
    hand_in(root, "ada")
    grade(root)
    expected = 0o664 if shared else 0o444
    for name in ("p1.ipynb", "foo.txt"):
        assert stat.S_IMODE(graded(root, "ada", name).stat().st_mode) == expected
    folder = stat.S_IMODE((root / "autograded" / "ada" / "ps1").stat().st_mode)
    assert not shared or folder == 0o2775
    configure(root, "c.AutogradeApp.permissions = 644")  # the name that older versions had
    grade(root)
    assert stat.S_IMODE(graded(root, "ada").stat().st_mode) == 0o644


def test_kernels_that_notebooks_name(root):
    blah = {"name": "blah", "display_name": "blah", "language": "python"}
    write(root / "submitted" / "ada" / "ps1" / "p1.ipynb", released(CELLS), blah)
    assert "it is graded with `python3`" in grade(root)
    write(root / "source" / "ps1" / "p1.ipynb", CELLS, None)  # then stock fails for `blah`
    assert submission(root, "ada")[0] == 1
    grade(root)
    unknown = dict(blah, language="fortran")
    write(root / "source" / "ps1" / "p1.ipynb", CELLS, unknown)
    configure(root, "c.ClearSolutions.code_stub = {'python': '# Answer', 'fortran': '! Answer'}")
    assert "needs the kernel `blah`, which is not installed" in grade(root, status=1)


def test_outputs_as_they_were_handed_in(root):
    folder = hand_in(root, "ada", {"set_a": "a = 2"})
    hand_in(root, "bob", {"set_a": "a = 1"})
    error = nbformat.v4.new_output("error", ename="Error", evalue="on my machine", traceback=[])
    number = nbformat.v4.new_output("execute_result", data={"text/plain": "0.25"})

    def run_by(notebook):
        notebook.cells[1].outputs = [error]
        notebook.cells[2].outputs = [number]

    change(folder / "p1.ipynb", run_by)
    change(root / "submitted" / "bob" / "ps1" / "p1.ipynb", lambda notebook: notebook.cells.pop(2))
    grade(root)
    assert [submission(root, student)[0] for student in ("ada", "bob")] == [1, 2]
    grade(root, "--no-execute")
    assert [submission(root, student)[0] for student in ("ada", "bob")] == [0.25, 1]
    cell = nbformat.read(graded(root, "ada"), as_version=4).cells[1]
    assert cell.outputs[0].evalue == "on my machine"
    grade(root)
    assert [submission(root, student)[0] for student in ("ada", "bob")] == [1, 2]


def test_endless_loops_and_limits_of_time(root):
    cells = [answer("loop", "loop = 1"), check("foo", "assert loop == 1"), check("bar", "True")]
    write(root / "source" / "ps1" / "p1.ipynb", cells)
    configure(root, "c.Execute.timeout = 1")
    hand_in(root, "ada", {"loop": "loop = 1\nwhile True:\n    pass"}, cells)
    hand_in(root, "bob", {"loop": "import time\ntime.sleep(2.5)\nloop = 1"}, cells)
    grade(root)
    assert submission(root, "bob")[0] < 2 and graded(root, "ada").exists()
    grade(root, "--timeout", "20", "--learner", "bob")
    assert submission(root, "bob")[0] == 2


def test_a_cell_knows_that_it_is_graded(root):
    cells = [check("foo", "import os\nassert not os.getenv('NBGRADER_EXECUTION')")]
    write(root / "source" / "ps1" / "p1.ipynb", cells)
    hand_in(root, "ada", cells=cells)
    grade(root)
    assert submission(root, "ada")[0] == 0


def test_empty_notebooks_and_notebooks_with_cells_of_others(root):
    write(root / "source" / "ps1" / "p1.ipynb", [])
    hand_in(root, "ada", cells=[])
    hand_in(root, "bob", cells=[given("1 / 0"), *CELLS])  # stock fails for such a learner
    grade(root)
    assert graded(root, "ada").exists() and graded(root, "bob").exists()
    assert submission(root, "bob")[:2] == (0, 0)


def test_metadata_of_older_and_newer_versions(root):
    old = hand_in(root, "old", CHANGED)
    new = hand_in(root, "new", CHANGED)
    for folder, version in ((old, 1), (new, 99)):

        def set_version(notebook, version=version):
            for cell in notebook.cells:
                cell.metadata.nbgrader["schema_version"] = version

        change(folder / "p1.ipynb", set_version)
    grade(root)  # stock refuses both: the metadata come from the source here
    assert [submission(root, student)[0] for student in ("old", "new")] == [2, 2]

    for version, what in ((1, "an older version"), (99, "a newer version")):
        cells = copy.deepcopy(CELLS)
        for cell in cells:
            cell.metadata["nbgrader"]["schema_version"] = version
        write(root / "source" / "ps1" / "p1.ipynb", cells)
        assert f"metadata are those of {what}" in grade(root, status=1)


def test_changed_checks_points_and_checksums_count_for_nothing(root):
    folder = hand_in(root, "cheat", {"set_a": "a = 2"})

    def cheat(notebook):
        notebook.cells[1].source = "assert True"
        notebook.cells[1].metadata.nbgrader.update(points=100, checksum="0" * 32)
        notebook.cells[2].metadata.nbgrader.update(grade=False, locked=False)
        notebook.cells[4].metadata.nbgrader = {}
        notebook.cells.append(new_code_cell("extra = 1", id="extra"))
        notebook.cells.append(new_markdown_cell("More.", id="more"))
        notebook.cells[6].metadata["nbgrader"] = {"grade_id": "foo", "grade": True, "points": 50}

    change(folder / "p1.ipynb", cheat)
    assert "the locked cell `foo`" in grade(root)
    assert submission(root, "cheat")[:2] == (1, 7)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda cells: cells[1].metadata.nbgrader.pop("points"), "does not have points"),
        (lambda cells: cells[1].metadata.nbgrader.update(grade_id="set_a"), "Duplicate grade id"),
        (lambda cells: cells[0].update(source="### BEGIN SOLUTION\na = 1"), "no end solution"),
        (lambda cells: cells[1].update(source="### BEGIN HIDDEN TESTS"), "No end hidden tests"),
    ],
)
def test_a_source_that_nbgrader_cannot_read_is_one_sentence(root, break_it, says):
    hand_in(root, "ada")
    change(root / "source" / "ps1" / "p1.ipynb", lambda notebook: break_it(notebook.cells))
    said = grade(root, status=1)
    assert says in said and "Traceback" not in said and not graded(root, "ada").exists()
