"""Each feature of nbgrader in a small course that stock nbgrader and nbjudge both grade.

All that they leave is compared: marks, what is to be marked by hand, comments, penalties, the files
in autograded/ with their permissions, and each graded cell with its outputs. What differs is named
in a course's `differ`, with the reason.
"""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from side_by_side import (
    Course,
    answer,
    change,
    check,
    database,
    essay,
    given,
    grade_both,
    read_only,
    task,
)

HIDDEN = """assert double(2) == 4
### BEGIN HIDDEN TESTS
assert double(5) == 10
### END HIDDEN TESTS"""
SCHEME = """Draw it below.
### BEGIN MARK SCHEME
One point for the axes.
### END MARK SCHEME"""
DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
PARTIAL = "sum(share(n) == n / 4 for n in (1, 2, 3)) / 2"
SHARE = "def share(n):\n    return n / 4"

AUTOTESTS = """python3:
    setup: "from hashlib import sha1"
    hash: 'sha1({{snippet}}.encode("utf-8")+b"{{salt}}").hexdigest()'
    dispatch: "type({{snippet}})"
    normalize: "str({{snippet}})"
    check: 'assert {{snippet}} == "{{value}}", "{{message}}"'
    success: "print('Success!')"
    templates:
        default:
            - test: "type({{snippet}})"
              fail: "type of {{snippet}} is not correct"
            - test: "{{snippet}}"
              fail: "value of {{snippet}} is not correct"
"""
STEPS = """
import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

class Dates(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        for cell in nb.cells:
            cell.source = cell.source.replace("@YEAR@", "2026")
        return nb, resources

class NoPip(NbGraderPreprocessor):
    def preprocess_cell(self, cell, resources, index):
        cell.source = cell.source.replace("raise SystemExit('pip')", "pass")
        return cell, resources

class Begins(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nb.cells.insert(0, nbformat.v4.new_code_cell("BEGUN = 5", id="begun"))
        return nb, resources

class Forgives(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        for cell in nb.cells:
            if "forgiven" in cell.source and resources["nbgrader"]["student"] == "wrong":
                cell.outputs = []
        with open("seen.txt", "a") as seen:
            seen.write(resources["nbgrader"]["notebook"])
        return nb, resources

class NoNotes(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if "for teachers" not in cell.source]
        return nb, resources
"""


def notebook_of(*cells):
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells)))


def exercise(name, solution, test, points=1):
    return [answer(name, solution), check(f"check-{name}", test, points)]


def late(folder, text):
    (folder / "timestamp.txt").write_text(text)


def kinds():
    """Cells of every kind, in two notebooks."""
    first = [
        given("import math"),
        read_only("rules", "Do not look at your neighbour's work."),
        *exercise("double", DOUBLE, HIDDEN, 2),
        *exercise("share", SHARE, PARTIAL, 3),
        answer("by-hand", "print('a picture')", grade=True, points=4),
        essay("why"),
    ]
    drawing = task("drawing")
    drawing.source = SCHEME
    second = [
        *exercise("three", "three = 3", "assert three == 3"),
        drawing,
        essay("because", points=1.5),
    ]
    return Course(
        {"p1": first, "p2": second},
        {
            "right": {
                "double": "def double(x):\n    return x + x",
                "share": SHARE,
                "by-hand": "print('my picture')",
                "why": "It is.",
                "three": "three = 2 + 1",
                "because": "Since.",
            },
            "half": {
                "double": "def double(x):\n    return 4",
                "share": "def share(n):\n    return min(n, 2) / 4",
                "three": "three = '3'",
            },
            "blank": {},
            "one-notebook": lambda folder: (folder / "p2.ipynb").unlink(),
            "extra": lambda folder: shutil.copy(folder / "p1.ipynb", folder / "p1 copy.ipynb"),
        },
    )


def times():
    """A due date, a penalty, files beside the notebooks."""

    def on_time(folder):
        late(folder, "2026-01-01 11:59:00 UTC")
        (folder / "data.csv").write_text("of the learner")
        (folder / "mine.txt").write_text("kept")
        (folder / "helper.py").write_text("LOCAL = 1")
        (folder / "cache.pyc").write_text("no")
        (folder / "notes.tmp").write_text("no")

    def too_late(folder):
        change(folder / "p1.ipynb", lambda nb: nb.cells[0].update(source="three = 3"))
        late(folder, "2026-01-01 14:00:00 Europe/Berlin")

    return Course(
        {"p1": exercise("three", "three = 3", "assert three == 3", 5)},
        {
            "on-time": on_time,
            "late": too_late,
            "no-stamp": {"three": "three = 3"},
            "empty-stamp": lambda folder: late(folder, ""),
        },
        config="c.LateSubmissionPlugin.penalty_method = 'zero'\n"
        "c.CourseDirectory.ignore = ['*.pyc', '*.tmp', '.ipynb_checkpoints']\n"
        "c.Autograde.exclude_overwriting = {'ps1': ['helper.py']}\n",
        files={
            "source/ps1/data.csv": "of the course",
            "source/ps1/helper.py": "LOCAL = 0",
            "source/ps1/deep/more.txt": "more",
        },
        duedate="2026-01-01 12:00:00 UTC",
    )


def made():
    """AUTOTEST, header, footer, delimiters, stubs, the course's own preprocessors."""
    auto = check("auto", "### AUTOTEST double(3)\n# @YEAR@", 2)
    hashed = check("hashed", "### HASHED AUTOTEST double(4); double('a')")
    hidden = check("delimiters", "assert double(1) == 2\n# <tests\nassert double(2) == 4\n# tests>")
    solution = "def double(x):\n    # <key\n    return 2 * x\n    # key>"
    cells = [
        given("# @YEAR@"),
        answer("double", solution),
        auto,
        hashed,
        hidden,
        read_only("note", "for teachers only"),
        essay("why"),
    ]
    header = notebook_of(given("FACTOR = 2"), read_only("from-header", "Good luck in @YEAR@."))
    footer = notebook_of(given("print('the end')"))
    return Course(
        {"p1": cells},
        {
            "right": {"double": "def double(x):\n    return x * FACTOR"},
            "wrong": {"double": "def double(x):\n    return 6"},
            "text": {"double": "def double(x):\n    return str(2 * x)", "why": "So."},
            "blank": {},
        },
        config="c.IncludeHeaderFooter.header = 'header.ipynb'\n"
        "c.IncludeHeaderFooter.footer = 'parts/footer.ipynb'\n"
        "c.ClearSolutions.begin_solution_delimeter = '<key'\n"
        "c.ClearSolutions.end_solution_delimeter = 'key>'\n"
        "c.ClearSolutions.code_stub = {'python': 'pass  # yours'}\n"
        "c.ClearSolutions.text_stub = 'Your words.'\n"
        "c.ClearHiddenTests.begin_test_delimeter = '<tests'\n"
        "c.ClearHiddenTests.end_test_delimeter = 'tests>'\n"
        "from nbgrader.converters import GenerateAssignment\n"
        "steps = GenerateAssignment.preprocessors.default_args[0]\n"
        "c.GenerateAssignment.preprocessors = ['steps.Dates', *steps, 'steps.NoNotes']\n",
        files={
            "autotests.yml": AUTOTESTS,
            "header.ipynb": header,
            "parts/footer.ipynb": footer,
            "steps.py": STEPS,
        },
    )


def own_steps():
    """The course's own preprocessors in both lists for autograde, and IgnorePattern."""
    cells = [
        *exercise("three", "three = 3", "assert three == 3"),
        *exercise("begun", "begun = 5", "assert begun == BEGUN == 5", 2),
        *exercise("kind", "kind = 1", "# forgiven\nassert kind == 1", 4),
    ]
    return Course(
        {"p1": cells},
        {
            "right": {"three": "raise SystemExit('pip')\nthree = 3", "begun": "begun = BEGUN"},
            "wrong": {"three": "three = 4", "begun": "begun = 4", "kind": "kind = 2"},
        },
        config="from nbgrader.converters import Autograde\n"
        "from nbgrader.preprocessors import Execute\n"
        "first = Autograde.sanitize_preprocessors.default_args[0]\n"
        "c.Autograde.sanitize_preprocessors = ['steps.NoPip', *first]\n"
        "_, *others = Autograde.autograde_preprocessors.default_args[0]\n"
        "own = ['steps.Begins', Execute, 'steps.Forgives']\n"
        "c.Autograde.autograde_preprocessors = [*own, *others]\n"
        "c.IgnorePattern.pattern = 'Deprecat'\n"
        "c.IgnorePattern.enabled = True\n",
        files={"steps.py": STEPS},
    )


def places():
    """Folders, their structure, a database and students that the settings name."""
    return Course(
        {"p1": exercise("three", "three = 3", "assert three == 3")},
        {
            "ada": {"three": "three = 3"},
            "bob": {"three": "three = 4"},
            "eve": {"three": "three = 3"},
            "zoe": {},
        },
        config="c.CourseDirectory.directory_structure = "
        "'{nbgrader_step}/{assignment_id}/{student_id}'\n"
        "c.CourseDirectory.source_directory = 'key'\n"
        "c.CourseDirectory.submitted_directory = 'in'\n"
        "c.CourseDirectory.autograded_directory = 'autograded-here'\n"
        "c.CourseDirectory.student_id_exclude = 'eve,zoe'\n"
        "c.CourseDirectory.db_url = 'sqlite:///marks.db'\n"
        "c.CourseDirectory.course_id = 'tiny'\n"
        "c.CourseDirectory.groupshared = True\n",
        files={"key/ps1/words.txt": "words"},
        source="key/ps1",
        submitted="in/ps1/{student}",
    )


def mark_of(to_mark):
    """What the gradebook holds of ada's essay, after a person has marked it."""
    return {"auto": None, "manual": 1.5, "extra": 0.5, "possible": 2, "to mark": to_mark}


def limits():
    """Limits of time and of output, cells that do not run, what a kernel is told."""
    sleeps = answer("sleeps", "import time")
    sleeps.metadata["tags"] = ["quick"]
    skipped = given("raise RuntimeError('never runs')")
    skipped.metadata["tags"] = ["skip-me"]
    check_skipped = check("skipped", "assert False", 2)
    check_skipped.metadata["tags"] = ["skip-me"]
    cells = [
        skipped,
        sleeps,
        check("check-sleeps", "assert done"),
        *exercise("prints", "", "assert True"),
        check_skipped,
        check("empty", "", 4),
    ]
    slow = "import time\ntime.sleep(4)\ndone = True"
    lines = "for number in range(50):\n    print('line', number)"
    return Course(
        {"p1": cells},
        {
            "slow": {"sleeps": slow, "prints": lines},
            "fast": {"sleeps": slow.replace("4", "0"), "prints": "print('one')"},
        },
        config="def seconds(cell):\n"
        "    return 2 if 'quick' in cell.metadata.get('tags', []) else -1\n"
        "c.Execute.timeout_func = seconds\n"
        "c.Execute.skip_cells_with_tag = 'skip-me'\n"
        "c.Execute.extra_arguments = ['--log-level=ERROR']\n"
        "c.Execute.interrupt_on_timeout = True\n"
        "c.LimitOutput.max_lines = 7\n"
        "c.CourseDirectory.notebook_id = 'p*'\n",
    )


def marked():
    """What a person has marked stays when all is graded once more."""

    def mark(root):
        with Gradebook(database(root)) as book:
            grade = book.find_grade("why", "p1", "ps1", "ada")
            grade.manual_score = 1.5
            grade.extra_credit = 0.5
            grade.needs_manual_grade = False
            test = book.find_grade("check-three", "p1", "ps1", "bob")
            test.manual_score = 0.25
            test.needs_manual_grade = False
            book.find_comment("why", "p1", "ps1", "ada").manual_comment = "Well said."
            book.db.commit()
        for student in ("ada", "bob"):
            path = root / "submitted" / student / "ps1" / "p1.ipynb"
            change(path, lambda nb: nb.cells.append(new_code_cell("# more", id="more")))

    return Course(
        {"p1": [*exercise("three", "three = 3", "assert three == 3"), essay("why")]},
        {"ada": {"three": "three = 3", "why": "So."}, "bob": {"three": "three = 4"}},
        between=mark,
        differ={  # a mark given by hand stays marked where its answer has not changed
            "ada/p1/why": (mark_of(to_mark=True), mark_of(to_mark=False)),
            "ada: to mark": (True, False),
        },
    )


COURSES = {
    "kinds": kinds,
    "times": times,
    "made": made,
    "own-steps": own_steps,
    "places": places,
    "limits": limits,
    "marked": marked,
}


@pytest.mark.parametrize("name", COURSES)
def test_both_leave_the_same(name, tmp_path):
    course = COURSES[name]()
    outcome = grade_both(course, tmp_path)
    stock, ours = outcome.stock, outcome.ours
    different = {}
    for what in sorted({*stock, *ours}):
        if stock.get(what) != ours.get(what):
            different[what] = (stock.get(what), ours.get(what))
    assert different == course.differ, outcome.said
    assert outcome.statuses == (0, 0), outcome.said
