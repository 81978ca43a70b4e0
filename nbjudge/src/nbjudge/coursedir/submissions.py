"""Reading what students hand in: submitted/STUDENT/ASSIGNMENT/, whatever lies there."""

import importlib.util
import json
import re
import warnings
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from nbjudge.errors import SubmissionError

HUGE = 100_000_000  # bytes from which a notebook's size is worth a sentence
TOO_LARGE = 1_000_000_000  # bytes that are not read at all: the others want to be graded too
STAMP = Path("timestamp.txt")
SETTINGS = re.compile(
    r"(jupyter|ipython|ipykernel)\w*_config\.(py|json)|(site|user)customize\.py|\w*conftest\.py",
    re.IGNORECASE,
)
Kind = TypeVar("Kind")


class Finding(NamedTuple):
    """One sentence for the instructor. `blocks`: something was not graded and needs a hand."""

    student: str  # "" for what is about the whole assignment
    assignment: str
    file: str  # relative to the course's root
    says: str
    blocks: bool = False

    def __str__(self) -> str:
        who = f"{self.student}, " if self.student else ""
        return f"{who}{self.file}: {self.says}."


class Submission(NamedTuple):
    """A submission as it was found."""

    student: str
    notebooks: dict[str, tuple[str, bytes]]  # {notebook: (its file, relative to the root; bytes)}
    files: dict[str, bytes | Path]  # {name: content, or a path that workers can read}
    says: list[str]
    timestamp: datetime | None = None  # when it was handed in, in UTC without a zone
    problem: str = ""  # why there is nothing to grade
    file: str = ""  # the one that the problem is about


def students_of(root: Path, assignment: str) -> list[str]:
    """Return the names of all who have handed in something for the assignment, in order."""
    found = []
    for folder in (root / "submitted").glob(f"*/{assignment}"):
        if folder.is_dir() and not folder.parent.name.startswith("."):
            found.append(folder.parent.name)
    return sorted(found)


def read_submission(
    root: Path,
    assignment: str,
    student: str,
    notebooks: Collection[str],
    carry_files: bool,
) -> Submission:
    """Read a student's submission to an assignment that has these notebooks.

    Raises nothing: whatever lies there, the others are graded, and `problem` says what is wrong.
    With `carry_files`, the bytes of the files beside the notebooks are read, else their paths.
    """
    folder = root / "submitted" / student / assignment
    reading = Reading(root, folder)
    try:
        return reading.read(student, notebooks, carry_files)
    except SubmissionError as reason:
        problem = str(reason)
    except Exception as error:  # whatever lies there, and no function here expects
        problem = (
            f"it cannot be read ({type(error).__name__}: {error}), so nothing was graded: "
            "look at the file by hand"
        )
    file = reading.file.relative_to(root).as_posix()
    return Submission(student, {}, {}, reading.says, reading.timestamp, problem, file)


class Reading:
    """One submission while it is read; after an error it knows how far that went."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.file = folder  # what is looked at
        self.says: list[str] = []
        self.timestamp: datetime | None = None

    def read(
        self,
        student: str,
        names: Collection[str],
        carry_files: bool,
    ) -> Submission:
        """Return the submission. Raises SubmissionError where there is nothing to grade."""
        notebooks = {}
        paths = []
        missing = {}
        for name in names:
            others = set(names) - {name}
            try:
                path, said = find_notebook(self.folder, name, others)
            except SubmissionError as reason:
                missing[name] = reason
                continue
            self.file = path
            notebooks[name] = (path.relative_to(self.root).as_posix(), read_bytes(path))
            self.says += said
            paths.append(path)
        if not notebooks:
            raise next(iter(missing.values()))
        for name in missing:
            self.says.append(
                f"there is no {name}.ipynb: it counts as not handed in, "
                "ask the learner if that was not meant"
            )
        self.timestamp, odd_date = timestamp_of(self.folder)
        beside, left_out = files_beside(self.folder, paths)
        files: dict[str, bytes | Path] = {}
        for inside, path in beside.items():
            files[inside] = path.read_bytes() if carry_files else path
        says = [*self.says, *odd_date, *left_out]
        return Submission(student, notebooks, files, says, self.timestamp)


def find_notebook(
    folder: Path,
    name: str,
    others: Collection[str] = (),
) -> tuple[Path, list[str]]:
    """Return (path, findings) of the notebook to grade as `name`.

    A notebook with another name is taken if it is the only one. `others` are the names of the
    assignment's other notebooks, which are not taken for this one. Raises SubmissionError where
    there is no notebook, or where it is not clear which.
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".ipynb" and path.is_file() and path.stem not in others:
            found.append(path)
    right = folder / f"{name}.ipynb"
    if right in found:
        return right, []
    likely = [path for path in found if path.stem.startswith(name)] or found
    if not likely:
        raise SubmissionError(
            "there is no notebook in this folder, so nothing was graded: "
            f"ask the learner for {right.name}"
        )
    if len(likely) > 1:
        names = ", ".join(path.name for path in likely)
        raise SubmissionError(
            f"there are {len(likely)} notebooks ({names}) and none is called {right.name}, "
            f"so nothing was graded: rename the one to grade to {right.name}"
        )
    return likely[0], [
        f"the notebook should be called {right.name}: it is graded as that, nothing to do"
    ]


ASK = "so nothing was graded: ask the learner to save the notebook in JupyterLab and send it again"


def read_bytes(path: Path) -> bytes:
    """Return what a notebook's file holds. Raises SubmissionError if it is empty or too large."""
    size = path.stat().st_size
    if size == 0:
        raise SubmissionError(f"the file is empty, {ASK}")
    if size > TOO_LARGE:
        raise SubmissionError(
            f"the file has {size / 1e9:.1f} GB and was not opened, so nothing was graded: "
            "ask the learner to clear all outputs and send it again"
        )
    return path.read_bytes()


def parse_notebook(data: bytes) -> tuple[NotebookNode, list[str]]:
    """Return (notebook, findings), a notebook of format 4 without outputs.

    Raises SubmissionError where the bytes are no notebook.
    """
    findings = []
    if len(data) > HUGE:
        megabytes = f"{len(data) / 1e6:.0f} MB"
        findings.append(
            f"the file has {megabytes}: it is graded without its outputs, nothing to do"
        )
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"the file is not JSON ({str(error)[:80]}), {ASK}") from None
    try:
        return as_notebook(raw), findings
    except Exception as error:  # whatever a file may hold, and nbformat's converters do not expect
        what = f"{type(error).__name__}: {str(error)[:80]}"
        raise SubmissionError(f"the file is JSON but not a notebook ({what}), {ASK}") from None


def as_notebook(raw: Any) -> NotebookNode:
    """Return a notebook of format 4 without outputs, in which every field has its type.

    Raises KeyError, TypeError and more where `raw` is something else than a notebook.
    """
    for sheet in [raw, *raw.get("worksheets", [])]:
        for cell in sheet.get("cells", []):
            if cell.get("outputs"):
                cell["outputs"] = []
    if raw.get("nbformat", 1) < 4:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = nbformat.reads(json.dumps(raw), as_version=4)
    metadata = typed(raw.get("metadata"), dict)
    kernel = typed(metadata.get("kernelspec"), dict)
    notebook = {
        "cells": [as_cell(cell) for cell in raw["cells"]],
        "metadata": {
            "kernelspec": {"name": typed(kernel.get("name"), str)},
            "made_from": typed(metadata.get("made_from"), str),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return nbformat.from_dict(notebook)


def as_cell(cell: Any) -> dict[str, Any]:
    """Return of a cell what grading uses, each field with its type."""
    metadata = typed(cell.get("metadata"), dict)
    nbgrader = typed(metadata.get("nbgrader"), dict)
    text = "".join(cell["source"])
    clean = {
        "cell_type": str(cell["cell_type"]),
        "source": text.encode("utf-8", "replace").decode(),  # half a surrogate cannot be written
        "metadata": {
            "nbgrader": {"grade_id": typed(nbgrader.get("grade_id"), str)},
            "tags": typed(metadata.get("tags"), list),
        },
    }
    for key, kind in (("id", str), ("attachments", dict)):
        if isinstance(cell.get(key), kind):
            clean[key] = cell[key]
    return clean


def typed(value: Any, kind: type[Kind]) -> Kind:
    """Return the value if it is of that type, else an empty one."""
    return value if isinstance(value, kind) else kind()


def files_beside(folder: Path, notebooks: Collection[Path]) -> tuple[dict[str, Path], list[str]]:
    """Return ({name: path} of what lies beside the notebooks, findings on what is left out).

    The files are used because an answer may read them. Left out is what would change the grading
    itself: modules that hide installed ones, settings of Jupyter, links, other notebooks.
    """
    files = {}
    left_out = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if path in notebooks or path.is_dir() or inside == STAMP or hidden:
            continue
        if changes_the_grading(path, inside):
            left_out.append(inside.as_posix())
        else:
            files[inside.as_posix()] = path
    if not left_out:
        return files, []
    names = ", ".join(left_out[:5])
    if len(left_out) > 5:
        names += f" and {len(left_out) - 5} more"
    return files, [
        f"beside the notebook lies {names}: it is not used in grading, "
        "look at it if an answer needs it"
    ]


def changes_the_grading(path: Path, inside: Path) -> bool:
    """Return whether a file, `inside` the submission's folder, could change the grading itself."""
    if path.is_symlink() or path.suffix.lower() == ".ipynb":
        return True
    return bool(SETTINGS.fullmatch(path.name)) or hides_module(inside)


def hides_module(inside: Path) -> bool:
    """Return whether Python would import a file in place of an installed module of that name."""
    name = inside.parts[0].split(".")[0]
    if len(inside.parts) == 1 and inside.suffix not in (".py", ".pyc", ".so", ".pyd"):
        return False
    if name.startswith("__"):
        return True
    return name.isidentifier() and importlib.util.find_spec(name) is not None


def timestamp_of(folder: Path) -> tuple[datetime | None, list[str]]:
    """Return (when it was handed in, findings), as nbgrader reads timestamp.txt."""
    path = folder / STAMP
    if not path.exists():
        return None, []
    try:
        return parse_utc(path.read_text().strip()), []
    except (ValueError, OverflowError):
        return None, [
            "timestamp.txt holds no date: the submission is graded as if in time, "
            "correct the file if it was late"
        ]
