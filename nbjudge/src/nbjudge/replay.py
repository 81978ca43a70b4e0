"""A graded submission as it ran, for a person to look into: `nbjudge replay STUDENT ASSIGNMENT`.

Nothing of it runs here unless the person says so. A kernel in a sandbox would not be enough: what a
cell displays is trusted by JupyterLab, and a script in it could start a terminal as the person.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from nbjudge import libraries
from nbjudge.coursedir.report import name_of, read_autograded
from nbjudge.coursedir.results import KEPT, record_of
from nbjudge.coursedir.settings import folders_of
from nbjudge.errors import CourseError
from nbjudge.untrusted import one_line
from nbjudge.worker.environment import environment

ANSI = re.compile(r"\x1b\[[0-9;]*m")  # the colours of a traceback
NOT_STARTED = (
    "JupyterLab is not started, because there the code of {student} runs as you, without a "
    "sandbox. Read the notebook first; if you trust it, say --trust"
)
NOTE = """This is {student}'s notebook as it was graded on {graded}, with the lesson's own tests. \
The first cell that failed is `{cell}`.
Run the cells above it, then look at it. What you change here changes no mark."""


def open_submission(root: Path, student: str, assignment: str, trust: bool = False) -> int:
    """Lay a graded submission out, and print the cell that failed; return an exit status.

    The notebook is laid out in .grading/replay/ with the files beside it. With `trust` it is opened
    in JupyterLab, at that cell. What has changed since the grading, such as the version of a
    package, is printed on stderr. Raises CourseError where nothing is graded.
    """
    root = Path(root).resolve()
    notebooks = read_autograded(root, assignment, student)
    path = record_of(root, assignment, student)
    if not notebooks or not path.exists():
        raise CourseError(
            f"{student} has no graded {assignment} here: "
            f"run `nbjudge grade {assignment} --learner {student}` first"
        )
    record = json.loads(path.read_text(encoding="utf-8"))
    for line in changes_of_environment(record):
        print(line, file=sys.stderr)
    name, cell = first_failure(record) or (next(iter(notebooks)), "")
    notebook = notebooks[name]
    shown_cell = list(lines_of_cell(notebook, cell))
    anchor = cell_id(notebook, cell)
    add_introduction(notebook, record, student, cell)
    folder = root / KEPT / "replay" / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    copy_files_beside(folders_of(root).autograded(student, assignment), folder)
    target = folder / f"{name}.ipynb"
    nbformat.write(notebook, target)
    print(f"{target}: the first cell that failed is {one_line(cell) or 'none'}")
    for line in shown_cell:
        print(f"    {one_line(line)}")
    if not trust:
        print(NOT_STARTED.format(student=student), file=sys.stderr)
        return 0
    return start_jupyterlab(target, anchor)


def lines_of_cell(notebook: NotebookNode, name: str) -> Iterator[str]:
    """Yield the lines of a cell and, after an empty one, those of what it printed and raised.

    There are none if no cell has this name.
    """
    for cell in notebook.cells:
        if name and name_of(cell) == name:
            yield from cell.source.splitlines()
            yield ""
            for output in cell.get("outputs", []):
                yield from output.get("text", "").splitlines()
                for part in output.get("traceback", []):
                    yield from ANSI.sub("", part).splitlines()


def first_failure(record: dict[str, Any]) -> tuple[str, str] | None:
    """Return (notebook, cell's name) of the first cell that failed, None if none did."""
    for name, notebook in record["notebooks"].items():
        for cell in notebook["cells"]:
            if not cell["well"]:
                return name, cell["name"]
    return None


def cell_id(notebook: NotebookNode, name: str) -> str:
    """Return the id of the cell with this name, "" if there is none."""
    for cell in notebook.cells:
        if name_of(cell) == name:
            return cell.id
    return ""


def add_introduction(
    notebook: NotebookNode, record: dict[str, Any], student: str, cell: str
) -> None:
    """Put two cells before the others: what this is, and the random seeds of the grading."""
    note = NOTE.format(student=student, graded=record["graded"], cell=cell or "none")
    seeds = libraries.seed_source(record["seed"])
    notebook.cells = [
        nbformat.v4.new_markdown_cell(note),
        nbformat.v4.new_code_cell(seeds),
        *notebook.cells,
    ]


def copy_files_beside(graded: Path, folder: Path) -> None:
    """Copy what lay beside the graded notebooks, because an answer may read it."""
    for path in graded.rglob("*"):
        if path.is_file() and path.suffix != ".ipynb":
            target = folder / path.relative_to(graded)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def start_jupyterlab(notebook: Path, anchor: str) -> int:
    """Run JupyterLab on a notebook, at the cell with the id `anchor`; return its exit status."""
    return subprocess.call(
        [
            sys.executable,
            "-m",
            "jupyterlab",
            "--notebook-dir",
            str(notebook.parent),
            f"--LabApp.default_url=/lab/tree/{notebook.name}#cell-id={anchor}",
        ]
    )


def changes_of_environment(record: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence on each version that has changed since the submission was graded."""
    then, now = record["environment"], environment()
    if then["python"] != now["python"]:
        yield f"It was graded with Python {then['python']}; this is {now['python']}."
    for name in sorted({*then["packages"], *now["packages"]}):
        old = then["packages"].get(name, "none")
        new = now["packages"].get(name, "none")
        if old != new:
            yield f"It was graded with {name} {old}; here is {new}."
