"""The files of learners: a notebook brought to a new release, or one exercise of it reset.

The file that was there is kept under a dated name before anything is written, and the new one comes
in its place in one step.
"""

import copy
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from nbjudge.coursedir import edition
from nbjudge.coursedir.submissions import parse_notebook
from nbjudge.errors import CourseError, SubmissionError
from nbjudge.files import replace_text


class UpdatedFile(NamedTuple):
    """What `update_file` did."""

    before: Path  # where the file is that was there
    answers: int  # that were put into the new release
    own: int  # cells of the learner's own
    changes: list[str]  # one sentence each


class ResetFile(NamedTuple):
    """What `reset_file` did."""

    changed: bool  # False: the exercise was as it was given out
    before: Path | None  # where the answer is that was there, None where there was none


def update_file(mine: Path, release: Path, old: bytes | None, kept_in: Path) -> UpdatedFile:
    """Replace the notebook `mine` by the release with the learner's work in it.

    `old`: the release that the learner began with, None where it is not known. `kept_in`: the
    folder for the file that was there. Raises CourseError where a file cannot be read.
    """
    theirs = read(mine)
    began_with = parsed(old, "the release that the learner began with") if old else None
    new = read_whole(release)
    try:
        found = edition.update(new, theirs, began_with)
    except CourseError as problem:
        raise CourseError(f"{mine}: {problem}; it is left as it is: {RENAME}") from None
    before = keep(mine.read_bytes(), kept_in, mine.stem, mine.suffix)
    write(found.notebook, mine)
    return UpdatedFile(before, found.answers, found.own, found.changes)


def reset_file(mine: Path, release: Path, exercise: str, kept_in: Path) -> ResetFile:
    """Give one exercise of the notebook `mine` back as it was given out.

    An answer that was there is kept in the folder `kept_in`. Raises CourseError where a file cannot
    be read or the release has no such exercise.
    """
    read(mine)
    theirs = read_whole(mine)
    found = edition.reset(read_whole(release), theirs, exercise)
    before = None
    if found.before:
        text = f"{found.before}\n".encode()
        before = keep(text, kept_in, f"{mine.stem}-{exercise}", found.suffix)
    if found.changed:
        write(found.notebook, mine)
    return ResetFile(found.changed, before)


def read(path: Path) -> NotebookNode:
    """Return a learner's notebook with its outputs, reduced to what an update uses of it.

    Raises CourseError where it cannot be read.
    """
    try:
        return parse_notebook(path.read_bytes(), outputs=True)[0]
    except OSError as problem:
        raise CourseError(f"{path} cannot be read ({problem.strerror}): {RENAME}") from None
    except SubmissionError as problem:
        what = str(problem).partition(", so nothing")[0]
        raise CourseError(f"{path}: {what}; it is left as it is: {RENAME}") from None


RENAME = "rename it and run the same command again, then you get a new copy beside it"


def read_whole(path: Path) -> NotebookNode:
    """Return a notebook with all its metadata. Raises CourseError where it cannot be read."""
    try:
        return parsed(path.read_bytes(), str(path))
    except OSError as problem:
        raise CourseError(f"{path} cannot be read ({problem.strerror})") from None


def parsed(data: bytes, name: str) -> NotebookNode:
    """Return a notebook of format 4. Raises CourseError where the bytes are none."""
    try:
        found: NotebookNode = nbformat.reads(data.decode("utf-8-sig"), 4)
        return found
    except Exception as problem:  # whatever a file may hold that nbformat does not expect
        what = f"{type(problem).__name__}: {str(problem)[:80]}"
        raise CourseError(f"{name} is not a notebook ({what}): get it once more") from None


def keep(content: bytes, folder: Path, name: str, suffix: str) -> Path:
    """Write a content under a dated name that no file in the folder has; return where."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}"
    number = 1
    while True:
        more = f"-{number}" if number > 1 else ""
        path = folder / f"{name}-{stamp}{more}{suffix}"
        try:
            with open(path, "xb") as file:
                file.write(content)
            return path
        except FileExistsError:
            number += 1


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in one step, without what its format does not allow."""
    valid = copy.deepcopy(notebook)
    for cell in valid.cells:
        if valid.nbformat_minor < 5:
            cell.pop("id", None)
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if is_valid_output(each)]
    try:
        nbformat.validate(valid)
    except nbformat.ValidationError as problem:
        what = str(problem).splitlines()[0]
        raise CourseError(f"{path} holds what Jupyter does not open ({what}): {RENAME}") from None
    replace_text(path, nbformat.writes(valid) + "\n")


def is_valid_output(output: Any) -> bool:
    """Return whether Jupyter opens a notebook that holds this output."""
    try:
        nbformat.validate(output, ref="output", version=4, version_minor=5)
    except nbformat.ValidationError:
        return False
    return True
