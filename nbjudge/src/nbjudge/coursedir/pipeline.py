"""An assignment's notebooks as nbgrader makes them of the source: those to grade and those to give.

nbgrader's GenerateAssignment runs with the course's own list of preprocessors and their settings:
headers and footers, AUTOTEST, delimiters, stubs. What it stores for grading (at SaveCells) and what
it gives out (at the end) are kept, so that they are made again only if something has changed that
was read for them.
"""

import copy
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    IncludeHeaderFooter,
    InstantiateTests,
    SaveCells,
    savecells,
)
from nbgrader.utils import capture_log, is_grade, is_task
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from nbjudge.coursedir.gradebook import OneTransaction
from nbjudge.coursedir.modules import content_digest, own_modules
from nbjudge.coursedir.settings import CONFIG, CONFIG_JSON, Settings
from nbjudge.files import replace_text
from nbjudge.planning.fingerprints import digest
from nbjudge.planning.imports import imported_modules
from nbjudge.planning.syntax import as_python
from nbjudge.worker.environment import environment

FORMAT = 1  # of what is kept; a new number makes all assignments be made again

Notebooks = dict[str, NotebookNode]  # {name: notebook}
Function = Callable[[NotebookNode, dict[str, Any]], tuple[NotebookNode, dict[str, Any]]]


class Made(NamedTuple):
    """An assignment's notebooks. The cells of `given` stand at the same places as in `graded`."""

    graded: Notebooks  # with tests and points, their answer cells as they are given out
    given: Notebooks  # as students get them; a cell that they do not get is empty


class Conversion(GenerateAssignment):
    """nbgrader's generate_assignment into a folder of its own, for notebooks that are kept.

    Settings for GenerateAssignment count for it, too, because it is a subclass.
    """

    folder = ""  # where it writes; release/ is not touched
    graded: Notebooks
    released: Notebooks

    def start(self) -> None:
        """Convert all notebooks. Raises NbGraderException where one cannot be converted."""
        self.graded = {}
        self.released = {}
        steps: list[Any] = [name_cells]
        for step in self.preprocessors:  # type: ignore[has-type]
            steps.append(step)
            if is_step(step, SaveCells):
                steps.append(keep_in(self.graded))
        self.preprocessors = [*steps, keep_in(self.released)]
        with mock.patch.object(savecells, "Gradebook", OneTransaction):
            super().start()

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> str:
        return self.folder

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Leave them: the folder is thrown away, and release/ need not be there."""


def is_step(step: Any, kind: type) -> bool:
    """Return whether an entry of a list of preprocessors is of this class.

    nbconvert takes classes, instances, functions, and names of classes.
    """
    if isinstance(step, str):
        step = import_item(step)
    return issubclass(step, kind) if isinstance(step, type) else isinstance(step, kind)


def keep_in(found: Notebooks) -> Function:
    """Return a preprocessor that puts a copy of each notebook, as it is then, into `found`."""

    def keep(notebook: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, Any]:
        name_cells(notebook, resources)
        found[resources["nbgrader"]["notebook"]] = copy.deepcopy(notebook)
        return notebook, resources

    return keep


def name_cells(
    notebook: NotebookNode, resources: dict[str, Any]
) -> tuple[NotebookNode, dict[str, Any]]:
    """Give every cell an id of its own: the same ones each time, unlike nbformat's.

    Formats before 4.5 have no ids, and a header may have the same ids as the notebook.
    """
    known = {cell["id"] for cell in notebook.cells if "id" in cell}
    met: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        if "id" not in cell or cell["id"] in met:
            cell["id"] = free_id(f"cell-{number:02d}", known | met)
        met.add(cell["id"])
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    return notebook, resources


def free_id(wanted: str, taken: set[str]) -> str:
    """Return an id that is not taken: the one that is wanted, or that with a number."""
    found = wanted
    number = 2
    while found in taken:
        found = f"{wanted}-{number}"
        number += 1
    return found


# ---- making ----------------------------------------------------------------------------------


def make(settings: Settings, assignment: str) -> tuple[Made | None, str]:
    """Bring the gradebook up to date and keep the assignment's notebooks.

    Returns (the notebooks, nbgrader's log); None where nbgrader cannot make them.
    """
    conversion, log = converted(settings, assignment, {})
    if conversion is None:
        return None, log
    missing = set(conversion.released) - set(conversion.graded)
    if missing:
        return None, (
            "ValueError: c.GenerateAssignment.preprocessors lacks SaveCells, without which the "
            "gradebook does not know the cells"
        )
    given = {}
    for name, graded in conversion.graded.items():
        released = conversion.released[name]
        graded.cells = needed_cells(graded, released)
        given[name] = aligned(released, graded)
    made = Made(conversion.graded, given)
    keep(settings, assignment, made)
    return made, log


def cells_wanted(settings: Settings, assignment: str) -> tuple[Notebooks, str]:
    """Return ({notebook: as SaveCells gets it}, nbgrader's log); the gradebook is not touched.

    There are no notebooks where nbgrader cannot make them.
    """
    off = Config({"SaveCells": {"enabled": False}, "GenerateAssignment": {"no_database": True}})
    conversion, log = converted(settings, assignment, off)
    return (conversion.graded if conversion else {}), log


def converted(
    settings: Settings, assignment: str, more: Mapping[str, Any]
) -> tuple[Conversion | None, str]:
    """Run nbgrader's conversion with `more` settings; return (it, its log), None if it failed."""
    with (
        tempfile.TemporaryDirectory(prefix="release-", dir=settings.made) as folder,
        settings.working_folder.entered(),
    ):
        config = copy.deepcopy(settings.config)
        config.merge(more)
        directory = CourseDirectory(config=config, assignment_id=assignment)
        try:
            conversion = Conversion(coursedir=directory, config=config, force=True)
            conversion.folder = folder
            result = capture_log(conversion)
        except (Exception, SystemExit) as error:  # the course's own preprocessors and hooks
            return None, f"{type(error).__name__}: {error}"
    log = result.get("log", "") + result.get("error", "")
    return (conversion if result["success"] else None), log


def needed_cells(graded: NotebookNode, released: NotebookNode) -> list[NotebookNode]:
    """Return the cells that are graded: those with points, and all others that are given out.

    The course's own preprocessors may take cells out after SaveCells.
    """
    known = {cell["id"] for cell in released.cells}
    return [cell for cell in graded.cells if cell["id"] in known or is_grade(cell) or is_task(cell)]


def aligned(released: NotebookNode, graded: NotebookNode) -> NotebookNode:
    """Return what is given out, with each cell at the place that it has in `graded`.

    In the place of a cell that is not given out is one without text and metadata, so nobody misses
    it in a submission.
    """
    given = copy.deepcopy(graded)
    by_id = {cell["id"]: cell for cell in released.cells}
    for place, cell in enumerate(graded.cells):
        other = by_id.get(cell["id"])
        if other is None:
            given.cells[place].source = ""
            given.cells[place].metadata = nbformat.from_dict({})
        else:
            given.cells[place] = copy.deepcopy(other)
    return given


# ---- what is kept ----------------------------------------------------------------------------


def place_of(settings: Settings, assignment: str) -> Path:
    """Return where an assignment's notebooks are kept."""
    return settings.made / f"{assignment}.made.json"


def keep(settings: Settings, assignment: str, made: Made) -> None:
    """Keep an assignment's notebooks with the digests of all that was read for them."""
    kept = {
        "stamp": stamp_of(settings, assignment),
        "read": digests_of(settings.root, files_read(settings, assignment)),
        "graded": made.graded,
        "given": made.given,
    }
    replace_text(place_of(settings, assignment), json.dumps(kept), private=True)


def kept(settings: Settings, assignment: str) -> Made | None:
    """Return an assignment's notebooks as they were kept, None if they have to be made."""
    try:
        found = json.loads(place_of(settings, assignment).read_text(encoding="utf-8"))
        read = found["read"]
        if found["stamp"] != stamp_of(settings, assignment):
            return None
        if read != digests_of(settings.root, read):
            return None
        return Made(notebooks(found["graded"]), notebooks(found["given"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # there is none, or damaged
        return None


def notebooks(found: Mapping[str, Any]) -> Notebooks:
    """Return {name: notebook} of parsed JSON."""
    return {name: nbformat.from_dict(notebook) for name, notebook in found.items()}


def stamp_of(settings: Settings, assignment: str) -> str:
    """Return a digest of the settings, of the source folder, and of what is installed."""
    folder = settings.folders.source(assignment)
    files = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files.append((path.relative_to(folder).as_posix(), file_digest(path)))
    return digest(FORMAT, plain(settings.config), settings.gradebook_url, files, environment())


def plain(value: Any) -> Any:
    """Return settings as they can be digested: a class or function by its name.

    Its code lies in a file, which is digested by itself.
    """
    if isinstance(value, Config):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    name = getattr(value, "__qualname__", None)
    return f"{value.__module__}.{name}" if name else repr(value)


def files_read(settings: Settings, assignment: str) -> set[str]:
    """Return the files, beside the source folder, that making an assignment has read.

    They are the settings, the modules imported from the course's folder, header and footer, and the
    templates for AUTOTEST. Relative names start in the course's folder.
    """
    tests = InstantiateTests(config=settings.config)
    around = IncludeHeaderFooter(config=settings.config)
    found = {CONFIG, CONFIG_JSON, tests.autotest_filename, around.header, around.footer}
    for module in settings.working_folder.modules.values():
        if path := getattr(module, "__file__", None):
            found.add(path)
    for path in settings.folders.source(assignment).glob("*.ipynb"):
        text = path.read_text(encoding="utf-8", errors="replace")
        if tests.autotest_delimiter in text:  # then the solution runs, with all that it imports
            found |= {str(module) for module in own_modules(imports_in(text)).values()}
    return found - {""}


def imports_in(text: str) -> list[str]:
    """Return the modules that a notebook's cells import, solutions included."""
    found: list[str] = []
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.cell_type == "code":
            found += imported_modules(as_python(cell.source))
    return found


def digests_of(root: Path, files: Iterable[str]) -> dict[str, str]:
    """Return {file: digest of its content}, "" for a file that is not there."""
    return {name: file_digest(root / name) for name in sorted(files)}


def file_digest(path: Path) -> str:
    """Return the digest of a file's content, "" where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return content_digest(path, status.st_size, status.st_mtime_ns)
