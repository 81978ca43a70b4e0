"""Reading what learners hand in: submitted/LEARNER/LESSON/, whatever lies there."""

import importlib.util
import json
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.utils import parse_utc

HUGE = 100_000_000  # bytes from which a notebook's size is worth a sentence
STAMP = Path("timestamp.txt")
TOO_LARGE = 1_000_000_000  # bytes that are not read at all: the others want to be graded too
SETTINGS = re.compile(
    r"(jupyter|ipython|ipykernel)\w*_config\.(py|json)|(site|user)customize\.py|\w*conftest\.py",
    re.IGNORECASE,
)


class Finding(NamedTuple):
    """One sentence for the instructor. `blocks`: something was not graded and needs a hand."""

    learner: str
    lesson: str
    file: str  # relative to the course's root
    says: str
    blocks: bool = False

    def __str__(self):
        return (
            f"{self.learner}, {self.file}: {self.says}."
            if self.learner
            else f"{self.file}: {self.says}."
        )


class Ungradable(ValueError):
    """Nothing can be graded here; str() says why and what to do."""


def learners_of(root, lesson):
    """Names of all who have handed in something for the lesson, in order."""
    return sorted(
        folder.parent.name
        for folder in (root / "submitted").glob(f"*/{lesson}")
        if folder.is_dir() and not folder.parent.name.startswith(".")
    )


def find_notebook(folder, lesson, others=()):
    """Return (path, findings) of the notebook to grade; one with another name will do if it is the only one.

    `others`: names of the lesson's other notebooks, which are not taken for this one. Raises Ungradable where there is none, or
    where it is not clear which.
    """
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".ipynb" and path.is_file() and path.stem not in others
    )
    right = folder / f"{lesson}.ipynb"
    if right in found:
        return right, []
    likely = [path for path in found if path.stem.startswith(lesson)] or found
    if not likely:
        raise Ungradable(
            f"there is no notebook in this folder, so nothing was graded: ask the learner for {right.name}"
        )
    if len(likely) > 1:
        names = ", ".join(path.name for path in likely)
        raise Ungradable(
            f"there are {len(likely)} notebooks ({names}) and none is called {right.name}, so nothing was graded: "
            f"rename the one to grade to {right.name}"
        )
    return likely[0], [
        f"the notebook should be called {right.name}: it is graded as that, nothing to do"
    ]


ASK = "so nothing was graded: ask the learner to save the notebook in JupyterLab and send it again"


def read_bytes(path):
    """What a notebook's file holds. Raises Ungradable where it is empty or too large."""
    size = path.stat().st_size
    if size == 0:
        raise Ungradable(f"the file is empty, {ASK}")
    if size > TOO_LARGE:
        raise Ungradable(
            f"the file has {size / 1e9:.1f} GB and was not opened, so nothing was graded: ask the learner to clear all "
            "outputs and send it again"
        )
    return path.read_bytes()


def parse_notebook(data):
    """Return (notebook, findings), a notebook of format 4 without outputs. Raises Ungradable where the bytes are no notebook."""
    findings = (
        [f"the file has {len(data) / 1e6:.0f} MB: it is graded without its outputs, nothing to do"]
        if len(data) > HUGE
        else []
    )
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Ungradable(f"the file is not JSON ({str(error)[:80]}), {ASK}") from None
    try:
        return as_notebook(raw), findings
    except Exception as error:  # whatever a file may hold, and nbformat's converters do not expect
        raise Ungradable(
            f"the file is JSON but not a notebook ({type(error).__name__}: {str(error)[:80]}), {ASK}"
        ) from None


def as_notebook(raw):
    """Format 4, no outputs, and everything of the type it should be. Raises KeyError, TypeError and more on other things."""
    for sheet in [raw, *raw.get("worksheets", [])]:
        for cell in sheet.get("cells", []):
            if cell.get("outputs"):
                cell["outputs"] = []
    if raw.get("nbformat", 1) < 4:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = nbformat.reads(json.dumps(raw), as_version=4)
    cells = []
    for cell in raw["cells"]:
        source = (
            "".join(cell["source"]).encode("utf-8", "replace").decode()
        )  # half a character cannot be written again
        clean = {
            "cell_type": str(cell["cell_type"]),
            "source": source,
            "metadata": typed(cell.get("metadata"), dict),
        }
        clean |= {
            key: cell[key]
            for key, kind in (("id", str), ("attachments", dict))
            if isinstance(cell.get(key), kind)
        }
        nbgrader = typed(clean["metadata"].get("nbgrader"), dict)
        clean["metadata"] = {
            "nbgrader": {"grade_id": typed(nbgrader.get("grade_id"), str)},
            "tags": typed(clean["metadata"].get("tags"), list),
        }
        cells.append(clean)
    metadata = typed(raw.get("metadata"), dict)
    metadata = {
        "kernelspec": {"name": typed(typed(metadata.get("kernelspec"), dict).get("name"), str)},
        "made_from": typed(metadata.get("made_from"), str),
    }
    return nbformat.from_dict(
        {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def typed(value, kind):
    return value if isinstance(value, kind) else kind()


def files_beside(folder, notebooks):
    """Return ({name: path} of what lies beside the notebooks (paths), because an answer may read it, findings on what is left out).

    Left out is what would change the grading itself: modules that hide installed ones, settings of Jupyter, links.
    """
    files, left_out = {}, []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if (
            path in notebooks
            or path.is_dir()
            or inside == STAMP
            or any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        ):
            continue
        if (
            path.is_symlink()
            or path.suffix.lower() == ".ipynb"
            or SETTINGS.fullmatch(path.name)
            or hides_module(inside)
        ):
            left_out.append(inside.as_posix())
        else:
            files[inside.as_posix()] = path
    if not left_out:
        return files, []
    names = ", ".join(left_out[:5]) + (
        f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    )
    return files, [
        f"beside the notebook lies {names}: it is not used in grading, look at it if an answer needs it"
    ]


def hides_module(inside):
    """A file or folder that Python would import in place of an installed module of that name."""
    name = inside.parts[0].split(".")[0]
    if len(inside.parts) == 1 and inside.suffix not in (".py", ".pyc", ".so", ".pyd"):
        return False
    return name.startswith("__") or (
        name.isidentifier() and importlib.util.find_spec(name) is not None
    )


def timestamp_of(folder):
    """Return (when it was handed in, as nbgrader reads timestamp.txt, or None; findings)."""
    path = folder / STAMP
    if not path.exists():
        return None, []
    try:
        return parse_utc(path.read_text().strip()), []
    except (ValueError, OverflowError):
        return None, [
            "timestamp.txt holds no date: the submission is graded as if in time, correct the file if it was late"
        ]
