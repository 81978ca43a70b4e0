"""The same course graded by stock nbgrader and by nbjudge, and all that each of them leaves."""

import copy
import multiprocessing
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from jupyter_core.application import NoStart
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp

from classroom import meta
from nbjudge.cli import app
from nbjudge.coursedir.settings import path_with_alembic

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# Both are forked from one process that has imported them, because that takes longer than to grade
# a small course.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["nbgrader.apps", "nbjudge.cli", "nbjudge.coordinator", __name__])


class Course(NamedTuple):
    """A small course and what is handed in: assignment ps1."""

    notebooks: Mapping[str, list[NotebookNode]]  # {name: cells of the source}
    answers: Mapping[str, Any]  # {student: {grade_id: text}, or a function of their folder}
    config: str = ""
    files: Mapping[str, str] = {}  # {path in the course's folder: text}
    duedate: str | None = None
    source: str = "source/ps1"  # where the settings say it is
    release: str = "release/ps1"
    submitted: str = "submitted/{student}/ps1"
    before: Callable[[Path], object] = lambda root: None  # called when the submissions are there
    between: Callable[[Path], object] | None = None  # called before all is graded once more
    command: tuple[str, ...] = ()  # more options, the same for both
    differ: Mapping[str, Any] = {}  # {what: (stock's, ours)} of what is better here


class Outcome(NamedTuple):
    """What a grading has left."""

    stock: dict[str, Any]
    ours: dict[str, Any]
    statuses: tuple[int, int]
    said: str  # by ours


# ---- cells -----------------------------------------------------------------------------------


def given(text: str) -> NotebookNode:
    """A cell that is nobody's answer."""
    return new_code_cell(text)


def answer(name: str, solution: str, **kind: object) -> NotebookNode:
    """An answer cell whose text is a solution as a whole."""
    return new_code_cell(solution, metadata=meta(name, solution=True, **kind))


def check(name: str, text: str, points: float = 1) -> NotebookNode:
    """A locked test."""
    return new_code_cell(text, metadata=meta(name, grade=True, locked=True, points=points))


def essay(name: str, points: float = 2) -> NotebookNode:
    """A written answer that a person marks."""
    metadata = meta(name, grade=True, solution=True, points=points)
    return new_markdown_cell("Because it is so.", metadata=metadata)


def task(name: str, points: float = 2) -> NotebookNode:
    """A task: work outside its own cell, that a person marks."""
    metadata = meta(name, task=True, locked=True, points=points)
    return new_markdown_cell("Draw it below.", metadata=metadata)


def read_only(name: str, text: str) -> NotebookNode:
    """A locked cell without points."""
    return new_markdown_cell(text, metadata=meta(name, locked=True))


# ---- two gradings ----------------------------------------------------------------------------


def grade_both(course: Course, folder: Path) -> Outcome:
    """Make the course, grade it with both, and return what each has left."""
    stock, ours = folder / "stock", folder / "ours"
    lay_out(course, stock)
    nbgrader(stock, "generate_assignment ps1")
    hand_in(course, stock)
    course.before(stock)
    if course.duedate:
        set_duedate(stock, course.duedate)
    shutil.copytree(stock, ours, symlinks=True)
    options = " ".join(course.command)
    status = nbgrader(stock, f"autograde ps1 {options}")
    ours_status, said = nbjudge(ours, "grade", "ps1", *course.command)
    if course.between:
        course.between(stock)
        course.between(ours)
        status = nbgrader(stock, f"autograde ps1 --force {options}")
        ours_status, said = nbjudge(ours, "grade", "ps1", *course.command)
    return Outcome(left_by(stock), left_by(ours), (status, ours_status), said)


def lay_out(course: Course, root: Path) -> None:
    """Write the course's source, files and settings."""
    for name, cells in course.notebooks.items():
        cells = [copy.deepcopy(cell) for cell in cells]
        for number, cell in enumerate(cells):
            cell["id"] = f"{name}-{number}"
        path = root / course.source / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)
    for name, text in course.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{course.config}\n")
    if "db_url" not in course.config:
        (root / "gradebook.db").write_bytes(empty_gradebook())


def hand_in(course: Course, root: Path) -> None:
    """Hand the release in, with each student's answers."""
    for student, answers in course.answers.items():
        folder = root / course.submitted.format(student=student)
        shutil.copytree(root / course.release, folder)
        if callable(answers):
            answers(folder)
            continue
        for path in folder.glob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                cell.source = answers.get(name, cell.source)
            nbformat.write(notebook, path)


def change(path: Path, edit: Callable[[NotebookNode], object]) -> None:
    """Edit a notebook in its file."""
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    nbformat.write(notebook, path)


def set_duedate(root: Path, duedate: str) -> None:
    with Gradebook(database(root)) as book:
        book.update_or_create_assignment("ps1", duedate=duedate)


@cache
def empty_gradebook() -> bytes:
    """A gradebook without entries: nbgrader takes seconds to make one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        os.environ["PATH"] = path_with_alembic()
        Gradebook(f"sqlite:///{path}").close()
        return path.read_bytes()


def nbgrader(root: Path, *commands: str) -> int:
    """Run nbgrader's own commands in the course's folder; return the last bad exit status."""
    return forked(run_nbgrader, root, commands)[0]


def nbjudge(root: Path, *arguments: str) -> tuple[int, str]:
    """Run our own command from elsewhere; return (exit status, what it says)."""
    return forked(run_nbjudge, Path("/"), [*arguments, "--workers", "1", "--root", str(root)])


def forked(run: Callable[[Any], object], folder: Path, arguments: Any) -> tuple[int, str]:
    """Call `run(arguments)` in `folder`, in a process of its own; return (exit status, output)."""
    with tempfile.NamedTemporaryFile("r", prefix="said-") as said:
        process = FORKS.Process(target=run_in_folder, args=(run, folder, arguments, said.name))
        process.start()
        process.join()
        return process.exitcode, said.read()


def run_in_folder(run: Callable[[Any], object], folder: Path, arguments: Any, said: str) -> None:
    """Do what `forked` says, in the new process."""
    os.chdir(folder)
    os.environ["PATH"] = path_with_alembic()
    with open(said, "w") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)
    run(arguments)


def run_nbgrader(commands: Sequence[str]) -> None:
    """Run commands one after the other and exit with the last bad status."""
    status = 0
    for line in commands:
        grader = NbGraderApp.instance()
        try:
            grader.initialize(line.split())
            grader.start()
        except NoStart:  # that is how it ends well
            pass
        except SystemExit as end:
            status = end.code or status
        grader.reset()
    sys.exit(status)


def run_nbjudge(arguments: Sequence[str]) -> None:
    """Run our command."""
    app(arguments)


# ---- what they leave -------------------------------------------------------------------------


def database(root: Path) -> str:
    """The URL of the only database in the course's folder."""
    (path,) = root.rglob("*.db")
    return f"sqlite:///{path}"


def left_by(root: Path) -> dict[str, Any]:
    """All that a grading has left: {what: value}."""
    with Gradebook(database(root)) as book:
        found: dict[str, Any] = {"students": sorted(student.id for student in book.students)}
        assignment = book.find_assignment("ps1")
        found["duedate"] = assignment.duedate
        found["possible"] = assignment.max_score
        for submission in assignment.submissions:
            found |= marks_of(submission)
    return found | files_of(root)


def marks_of(submission: Any) -> dict[str, Any]:
    """What the gradebook holds of a submission."""
    who = submission.student_id
    found = {
        f"{who}: handed in": submission.timestamp,
        f"{who}: seconds late": submission.total_seconds_late,
        f"{who}: score": submission.score,
        f"{who}: to mark": submission.needs_manual_grade,
    }
    for notebook in submission.notebooks:
        place = f"{who}/{notebook.name}"
        found[f"{place}: penalty"] = notebook.late_submission_penalty
        for grade in notebook.grades:
            found[f"{place}/{grade.name}"] = {
                "auto": grade.auto_score,
                "manual": grade.manual_score,
                "extra": grade.extra_credit,
                "possible": grade.max_score,
                "to mark": grade.needs_manual_grade,
            }
        for comment in notebook.comments:
            found[f"{place}/{comment.name}: comment"] = (
                comment.auto_comment,
                comment.manual_comment,
            )
    return found


def files_of(root: Path) -> dict[str, Any]:
    """What lies in the folders of what is graded: permissions, content, cells of notebooks."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if "autograded" not in name or path.name.startswith("report-") or ".grading" in name:
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            found[name] = f"folder {mode & 0o2770:o}"
        elif path.suffix == ".ipynb":
            found[name] = f"notebook {mode:o}"
            found[f"{name}: cells"] = cells_of(path)
        else:
            found[name] = f"{mode:o} {path.read_text()}"
    return found


def cells_of(path: Path) -> list[tuple[Any, ...]]:
    """What a graded notebook's cells hold, and what came out of each."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        nbgrader_metadata = dict(cell.metadata.get("nbgrader", {}))
        nbgrader_metadata.pop("schema_version", None)
        outputs = [kind_of(output) for output in cell.get("outputs", [])]
        if ("CellTimeoutError", "") in outputs:  # ours says that in place of the interrupt
            outputs = [output for output in outputs if output[0] != "KeyboardInterrupt"]
        found.append((cell.cell_type, cell.source, nbgrader_metadata, outputs))
    return found


def kind_of(output: NotebookNode) -> tuple[str, str]:
    """An output without what differs between two runs of the same code."""
    if output.output_type == "stream":
        return output.name, output.text
    if output.output_type == "error":
        limit = output.ename == "CellTimeoutError"  # ours says how long it was
        # an assert without a message: ours shows its line, or says that it is hidden
        shown = output.evalue.startswith(("assert ", "a hidden test failed"))
        plain_assert = output.ename == "AssertionError" and shown
        return output.ename, "" if limit or plain_assert else output.evalue
    text = str(output.get("data", {}).get("text/plain", ""))
    return "data", f"{float(text):g}" if re.fullmatch(r"[\d.]+", text) else text
