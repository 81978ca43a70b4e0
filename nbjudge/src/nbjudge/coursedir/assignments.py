"""The instructor's side of an assignment: its source notebooks, and nbgrader's gradebook."""

import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_locked

from nbjudge.coursedir import pipeline
from nbjudge.coursedir.cell_changes import CellsRefused, Moved, fit_gradebook
from nbjudge.coursedir.folders import Folders
from nbjudge.coursedir.pipeline import Made
from nbjudge.coursedir.rebuild import IN_RELEASE
from nbjudge.coursedir.releases import name_of
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import GradebookError
from nbjudge.planning import imports

DATABASE_FAILURE = re.compile(
    r"OperationalError\) (.*)|(No space left on device|Read-only file system|Permission denied)"
)


def read_sources(
    folders: Folders, assignment: str
) -> tuple[dict[str, NotebookNode], list[Finding]]:
    """Return ({name: source notebook}, findings); no notebooks where it cannot be graded.

    c.CourseDirectory.notebook_id is a pattern that says which notebooks belong to the course.
    """
    folder = folders.source(assignment)
    place = folders.shown(folder)
    paths = sorted(folder.glob(f"{folders.directory.notebook_id}.ipynb"))
    if not paths:
        known = folders.assignments()
        sentence = f"there is no such lesson: choose one of {', '.join(known) or 'none'}"
        return {}, [Finding("", assignment, place, sentence, True)]
    try:
        return {path.stem: nbformat.read(path, as_version=4) for path in paths}, []
    except (nbformat.reader.NotJSONError, OSError) as problem:
        sentence = f"its notebook cannot be read ({problem}): correct it"
        return {}, [Finding("", assignment, place, sentence, True)]


def register(
    settings: Settings,
    assignment: str,
    sources: Mapping[str, NotebookNode],
    moved: Moved | None = None,
    notes: list[str] | None = None,
) -> Made | str:
    """Bring the gradebook up to date with an assignment's cells, and return its notebooks.

    Where the assignment cannot be graded, a sentence is returned that says why. Where cells were
    added or removed although submissions are graded, `moved` says which cell gets what was given
    by hand to one that is gone, as for `fit_gradebook`, and sentences are added to `notes`. Raises
    GradebookError where the gradebook cannot be written.
    """
    made = pipeline.kept(settings, assignment)
    if made and in_gradebook(settings, assignment, sources):
        note_releases(settings.folders.release(assignment), made)
        return made
    made, log = pipeline.make(settings, assignment)
    if made is None and "submissions associated with it" in log:
        wanted, log = pipeline.cells_wanted(settings, assignment)
        if not wanted:
            return refusal(settings.root, assignment, log)
        try:
            said = fit_gradebook(settings, assignment, wanted, moved or {})
        except CellsRefused as refused:
            return str(refused)
        if notes is not None:
            notes += said
        made, log = pipeline.make(settings, assignment)
    if made is None:
        return refusal(settings.root, assignment, log)
    note_releases(settings.folders.release(assignment), made)
    return made


def note_releases(folder: Path, made: Made) -> None:
    """Note in locked given cells their text in release/, where the source was changed since."""
    for name, given in made.given.items():
        try:
            release = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        except (nbformat.reader.NotJSONError, OSError):  # no student has a notebook of there
            continue
        texts = {name_of(cell): cell.source for cell in release.cells if is_locked(cell)}
        for cell in filter(is_locked, given.cells):
            text = texts.get(name_of(cell), cell.source)
            if text != cell.source:
                cell.metadata[IN_RELEASE] = text


def refusal(
    root: Path,
    assignment: str,
    log: str,
) -> str:
    """Return, from the log of generate_assignment, why an assignment cannot be graded.

    Raises GradebookError where that is because the gradebook cannot be written.
    """
    if found := DATABASE_FAILURE.search(log):
        raise GradebookError(
            f"{root} or its gradebook cannot be written ({found[1] or found[2]}): close what else "
            "has the gradebook open, make room there, or allow it; then run the same command again"
        )
    if "assignment_course_id_fkey" in log:
        return (
            "this gradebook needs the course to have a name: "
            "set c.CourseDirectory.course_id in nbgrader_config.py"
        )
    if "SchemaTooOldError" in log:
        return (
            "its nbgrader metadata are those of an older version, so nothing was graded: copy the "
            "course to a safe place, then run `nbgrader update .` in it"
        )
    if "SchemaTooNewError" in log:
        return (
            "its nbgrader metadata are those of a newer version, so nothing was graded: update "
            "nbgrader where you grade"
        )
    return (
        f"nbgrader cannot read this lesson ({last_error(log)}): "
        f"run `nbgrader generate_assignment {assignment}` to see more"
    )


def in_gradebook(
    settings: Settings,
    assignment: str,
    sources: Mapping[str, NotebookNode],
) -> bool:
    """Return whether the gradebook knows all notebooks of an assignment."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(settings.gradebook_url) as gradebook:
        try:
            notebooks = gradebook.find_assignment(assignment).notebooks
        except MissingEntry:
            return False
        return {notebook.name for notebook in notebooks} >= set(sources)


def last_error(log: str) -> str:
    """Return the cause that a log of nbgrader's gives: its last exception that says one.

    Two exceptions say none: nbgrader's own summary, and that the metadata are corrupted, which
    comes after the one that says how.
    """
    found = re.findall(
        r"^\s*((?!.*NbGraderException)[\w.]*(?:Error|Exception)\b.*)$", log, flags=re.MULTILINE
    )
    telling = [line for line in found if "metadata may be corrupted" not in line] or found
    return telling[-1].strip()[:200] if telling else "no reason given"


def imports_of(sources: Mapping[str, NotebookNode]) -> tuple[str, ...]:
    """Return the modules that an assignment's notebooks import, each once, in their order."""
    found: dict[str, None] = {}
    for source in sources.values():
        found |= dict.fromkeys(imports.imports_of(source.cells))
    return tuple(found)
