"""Reading what students hand in: submitted/STUDENT/ASSIGNMENT/, whatever lies there."""

import json
import os
import re
import stat
import warnings
from collections.abc import Collection, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from nbjudge.coursedir.folders import Folders, is_there
from nbjudge.coursedir.same_text import with_unix_lines
from nbjudge.errors import SubmissionError
from nbjudge.sandbox.host.results import clean_outputs
from nbjudge.untrusted import (
    TooManyValues,
    clean_json,
    is_text,
    is_writable,
    load_json,
    one_line,
    shown,
    writable,
)

# What one submission may hold. More is refused, because the others are graded by the same process.
HUGE = 100_000_000  # bytes from which a notebook's size is worth a sentence
TOO_LARGE = 150_000_000  # bytes of a notebook; text that is not ASCII takes four times as much
MOST_CELLS = 5_000
MOST_CODE = 1_000_000  # characters of all code cells
FILES_SIZE = 100_000_000  # bytes of all files beside the notebook that the lesson did not bring
MOST_FILES = 10_000  # files and folders beside the notebook
STAMP_SIZE = 1_000  # bytes of timestamp.txt

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
    key: str = ""  # that own_seed() in checks is derived from; "" where no check calls it


def students_of(folders: Folders, assignment: str) -> list[str]:
    """Return the names of all who have handed in something for the assignment, in order.

    Those that the course's settings leave out are not among them. Names that are not UTF-8 are left
    out, because the gradebook cannot hold them; `misnamed` says so.
    """
    return [name for name, _ in handed_in(folders, assignment) if is_writable(name)]


def misnamed(folders: Folders, assignment: str) -> list[Finding]:
    """Return a finding for each student's folder whose name the gradebook cannot hold."""
    findings = []
    for name, folder in handed_in(folders, assignment):
        if not is_writable(name):
            sentence = (
                "the name of the learner's folder is not UTF-8, so nothing was graded: "
                "rename the folder"
            )
            place = shown(folders.shown(folder))
            findings.append(Finding(shown(name), assignment, place, sentence, True))
    return findings


def handed_in(folders: Folders, assignment: str) -> list[tuple[str, Path]]:
    """Return [(student, folder)] of what the settings leave to be graded, in order.

    c.CourseDirectory.student_id is a pattern, student_id_exclude names separated by commas.
    """
    pattern = folders.directory.student_id
    excluded = folders.directory.student_id_exclude.split(",")
    found = []
    for name, folder in folders.submissions(assignment):
        if fnmatchcase(name, pattern) and name not in excluded:
            found.append((name, folder))
    return found


def read_submission(
    folders: Folders,
    assignment: str,
    student: str,
    notebooks: Collection[str],
    carry_files: bool,
    others: Collection[str] = (),
) -> Submission:
    """Read these notebooks of a student's submission to an assignment; it also has the `others`.

    Raises nothing: whatever lies there, the others are graded, and `problem` says what is wrong.
    With `carry_files`, the bytes of the files beside the notebooks are read, else their paths.
    """
    folder = folders.submitted(student, assignment)
    reading = Reading(folders, assignment, folder, others)
    try:
        return reading.read(student, notebooks, carry_files)
    except SubmissionError as reason:
        problem = str(reason)
    except Exception as error:  # whatever lies there, and no function here expects
        problem = (
            f"it cannot be read ({type(error).__name__}: {error}), so nothing was graded: "
            "look at the file by hand"
        )
    file = shown(folders.shown(reading.file))
    return Submission(student, {}, {}, reading.says, reading.timestamp, problem, file)


class Reading:
    """One submission while it is read; after an error it knows how far that went."""

    def __init__(
        self, folders: Folders, assignment: str, folder: Path, others: Collection[str]
    ) -> None:
        self.folders = folders
        self.assignment = assignment
        self.others = others
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
        for folder in (self.folder.parent, self.folder):
            self.file = folder
            need_folder(folder)
        notebooks = {}
        paths = []
        missing = {}
        for name in names:
            others = {*names, *self.others} - {name}
            try:
                path, said = find_notebook(self.folder, name, others)
            except SubmissionError as reason:
                missing[name] = reason
                continue
            self.file = path
            place = shown(self.folders.shown(path))
            notebooks[name] = (place, read_bytes(path))
            self.says += said
            paths.append(path)
        if not notebooks:
            raise next(iter(missing.values()))
        for name in missing:
            self.says.append(
                f"there is no {name}.ipynb: it counts as not handed in, "
                "ask the learner if that was not meant"
            )
        self.file = self.folder
        self.timestamp, odd_date = timestamp_of(self.folder)
        lesson = self.folders.source(self.assignment)
        ignored = self.folders.directory.ignore
        paths += [self.folder / f"{name}.ipynb" for name in self.others]
        beside, left_out = files_beside(self.folder, paths, lesson, ignored)
        files: dict[str, bytes | Path] = {}
        for inside, path in beside.items():
            files[inside] = path.read_bytes() if carry_files else path
        says = [*self.says, *odd_date, *left_out]
        return Submission(student, notebooks, files, says, self.timestamp)


def need_folder(folder: Path) -> None:
    """Raise SubmissionError where this is no folder, or a link to one.

    A link is not followed: it may lead to another student's folder or to the source notebooks.
    """
    mode = folder.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise SubmissionError(
            "this is a link and is not followed, so nothing was graded: "
            "put the folder itself in its place"
        )
    if not stat.S_ISDIR(mode):
        raise SubmissionError(
            "this is no folder, so nothing was graded: put what was handed in into a folder of "
            "this name"
        )


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
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
        if path.suffix.lower() == ".ipynb" and not is_folder and path.stem not in others:
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
        names = listed([path.name for path in likely])
        raise SubmissionError(
            f"there are {len(likely)} notebooks ({names}) and none is called {right.name}, "
            f"so nothing was graded: rename the one to grade to {right.name}"
        )
    return likely[0], [
        f"the notebook should be called {right.name}: it is graded as that, nothing to do"
    ]


ASK = "so nothing was graded: ask the learner to save the notebook in JupyterLab and send it again"


def listed(names: list[str]) -> str:
    """Return the first of these files' names for a sentence."""
    text = ", ".join(shown(name) for name in names[:5])
    return f"{text} and {len(names) - 5} more" if len(names) > 5 else text


def read_bytes(path: Path) -> bytes:
    """Return what a notebook's file holds.

    Raises SubmissionError if it is empty, too large, or no regular file: a link may lead to
    somebody else's notebook, and a pipe would be waited for without end.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise SubmissionError(
            "the notebook is a link, a pipe or a device and was not opened, so nothing was graded: "
            "ask the learner for the notebook itself"
        )
    size = status.st_size
    if size == 0:
        raise SubmissionError(f"the file is empty, {ASK}")
    if size > TOO_LARGE:
        raise SubmissionError(
            f"the file has {size / 1e6:,.0f} MB, at most {TOO_LARGE / 1e6:.0f} are read, {CLEAR}"
        )
    return path.read_bytes()


CLEAR = "so nothing was graded: ask the learner to clear all outputs and send it again"


def parse_notebook(data: bytes, outputs: bool = False) -> tuple[NotebookNode, list[str]]:
    """Return (notebook, findings), a notebook of format 4; without outputs unless they are wanted.

    Raises SubmissionError where the bytes are no notebook, or one that holds too much.
    """
    findings = []
    if len(data) > HUGE:
        megabytes = f"{len(data) / 1e6:.0f} MB"
        findings.append(
            f"the file has {megabytes}: it is graded without its outputs, nothing to do"
        )
    try:
        raw = load_json(data)
    except TooManyValues as error:
        raise SubmissionError(f"the file was not opened, {error}, {CLEAR}") from None
    except ValueError as error:
        raise SubmissionError(f"the file is not JSON ({str(error)[:80]}), {ASK}") from None
    try:
        notebook = as_notebook(raw, outputs)
    except Exception as error:  # whatever a file may hold, and nbformat's converters do not expect
        what = one_line(f"{type(error).__name__}: {str(error)[:80]}")
        raise SubmissionError(f"the file is JSON but not a notebook ({what}), {ASK}") from None
    need_moderate(notebook)
    return notebook, findings


def need_moderate(notebook: NotebookNode) -> None:
    """Raise SubmissionError for more cells or code than anybody writes."""
    cells = len(notebook.cells)
    code = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    for count, most, what in (
        (cells, MOST_CELLS, "cells"),
        (code, MOST_CODE, "characters of code"),
    ):
        if count > most:
            raise SubmissionError(
                f"the notebook has {count:,} {what}, at most {most:,} are graded, so nothing was "
                "graded: ask the learner to remove what is not an answer"
            )


def as_notebook(raw: Any, outputs: bool = False) -> NotebookNode:
    """Return a notebook of format 4 in which every field has its type, perhaps with its outputs.

    Raises KeyError, TypeError and more where `raw` is something else than a notebook.
    """
    for sheet in [raw, *raw.get("worksheets", [])]:
        for cell in sheet.get("cells", []):
            if cell.get("outputs") and not outputs:
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
            "kernelspec": {"name": short(kernel.get("name"))},
            "made_from": short(metadata.get("made_from")),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return nbformat.from_dict(notebook)


def as_cell(cell: Any) -> dict[str, Any]:
    """Return of a cell what grading uses, each field with its type and its text in UTF-8."""
    metadata = typed(cell.get("metadata"), dict)
    nbgrader = typed(metadata.get("nbgrader"), dict)
    kind = cell["cell_type"]
    source = cell["source"]
    if not isinstance(source, (str, list)):
        raise TypeError(f"a cell's source is of type {type(source).__name__}")
    clean: dict[str, Any] = {
        "cell_type": kind if kind in ("code", "markdown") else "raw",
        "source": with_unix_lines(writable("".join(source))),
        "metadata": {
            "nbgrader": {"grade_id": writable(typed(nbgrader.get("grade_id"), str))},
            "tags": [tag for tag in typed(metadata.get("tags"), list) if isinstance(tag, str)],
        },
    }
    if isinstance(cell.get("id"), str):
        clean["id"] = writable(cell["id"])
    if isinstance(cell.get("outputs"), list):
        clean["outputs"] = clean_outputs([with_whole_texts(each) for each in cell["outputs"]])
    if isinstance(cell.get("attachments"), dict):
        clean["attachments"] = attachments_of(cell["attachments"])
    return clean


def with_whole_texts(output: Any) -> Any:
    """Return an output with its texts joined, which files hold as lists of lines."""
    if not isinstance(output, dict):
        return output
    found = {name: whole(value) for name, value in output.items() if name != "traceback"}
    if isinstance(output.get("data"), dict):
        found["data"] = {name: whole(value) for name, value in output["data"].items()}
    return found | {"traceback": output.get("traceback")}


def whole(value: Any) -> Any:
    """Return a list of lines as one text, and any other value as it is."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def attachments_of(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a cell's attachments that are any: {name: {MIME type: text or lines}}."""
    found = {}
    for name, by_type in clean_json(raw).items():
        if isinstance(by_type, dict) and all(map(is_text, by_type.values())):
            found[name] = by_type
    return found


def short(value: Any) -> str:
    """Return a name that sentences may hold, "" where the value is no text."""
    return one_line(typed(value, str)[:100])


def typed(value: Any, kind: type[Kind]) -> Kind:
    """Return the value if it is of that type, else an empty one."""
    return value if isinstance(value, kind) else kind()


def files_beside(
    folder: Path,
    notebooks: Collection[Path],
    lesson: Path,
    ignored: Collection[str] = (),
) -> tuple[dict[str, Path], list[str]]:
    """Return ({name: path} of what lies beside the notebooks, findings on what is left out).

    The files are used because an answer may read them. Left out is what would change the grading
    itself: settings of Jupyter, other notebooks; and what cannot be read or named: links, pipes,
    names that are not UTF-8. Raises SubmissionError where there is too much. Files as large as
    those of the same name in the folder `lesson` do not count, because they were given out.
    """
    files = {}
    left_out = []
    size = 0
    for path in everything_in(folder, ignored):
        inside = path.relative_to(folder)
        if path in notebooks or inside == STAMP:
            continue
        status = path.lstat()
        regular = stat.S_ISREG(status.st_mode) and is_writable(inside.as_posix())
        if not regular or changes_the_grading(path, inside):
            left_out.append(inside.as_posix())
            continue
        files[inside.as_posix()] = path
        if status.st_size != size_of(lesson / inside):
            size += status.st_size
    if size > FILES_SIZE:
        raise SubmissionError(
            f"the files beside the notebook have {size / 1e6:,.0f} MB, at most "
            f"{FILES_SIZE / 1e6:.0f} are read, so nothing was graded: remove those that no answer "
            "needs"
        )
    if not left_out:
        return files, []
    return files, [
        f"beside the notebook lies {listed(left_out)}: it is not used in grading, "
        "look at it if an answer needs it"
    ]


def everything_in(folder: Path, ignored: Collection[str] = ()) -> Iterator[Path]:
    """Yield what lies in a folder and below, except folders, in order.

    Left out are names that match one of the patterns `ignored`, and hidden folders, because nobody
    keeps an answer there and programs keep settings and thousands of files. Links are yielded and
    not followed. Raises SubmissionError where there are too many things.
    """
    count = 0
    for place, folders, names in os.walk(folder, onerror=raise_it):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(
            name
            for name in folders
            if name not in links and not is_hidden(name) and not matches(name, ignored)
        )
        count += len(folders) + len(names)
        if count > MOST_FILES:
            raise SubmissionError(
                f"there are more than {MOST_FILES:,} files beside the notebook, so nothing was "
                "graded: remove those that no answer needs"
            )
        for name in sorted(names + links):
            if not matches(name, ignored):
                yield Path(place, name)


def matches(name: str, patterns: Collection[str]) -> bool:
    """Return whether a name matches one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def raise_it(problem: OSError) -> None:
    """Raise what os.walk would pass over, such as a folder that may not be read."""
    raise problem


def is_hidden(name: str) -> bool:
    """Return whether a folder of this name is nobody's answer."""
    return name.startswith(".") or name == "__pycache__"


def size_of(path: Path) -> int:
    """Return how large a file is, -1 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def changes_the_grading(path: Path, inside: Path) -> bool:
    """Return whether a file, `inside` the submission's folder, could change the grading itself."""
    if path.suffix.lower() == ".ipynb":
        return True
    return bool(SETTINGS.fullmatch(path.name))


def stamp_of(folder: Path) -> Path | None:
    """Return timestamp.txt, None where there is no small file of that name."""
    path = folder / STAMP
    try:
        status = path.lstat()
    except OSError:
        return None
    small = stat.S_ISREG(status.st_mode) and status.st_size <= STAMP_SIZE
    return path if small else None


def timestamp_of(folder: Path) -> tuple[datetime | None, list[str]]:
    """Return (when it was handed in, findings), as nbgrader reads timestamp.txt."""
    path = folder / STAMP
    if not is_there(path):
        return None, []
    try:
        if not stamp_of(folder):
            raise ValueError("it is no small file")
        return parse_utc(path.read_text(encoding="utf-8").strip()), []
    except Exception:  # whatever a file may hold, and dateutil does not expect
        return None, [
            "timestamp.txt holds no date: the submission is graded as if in time, "
            "correct the file if it was late"
        ]
