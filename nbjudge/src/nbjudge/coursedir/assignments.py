"""The instructor's side of an assignment: its source notebooks, and nbgrader's gradebook."""

import copy
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nbjudge.coursedir.results import KEPT
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import GradebookError
from nbjudge.files import replace_text
from nbjudge.planning import imports
from nbjudge.planning.fingerprints import digest

DATABASE_FAILURE = re.compile(
    r"OperationalError\) (.*)|(No space left on device|Read-only file system|Permission denied)"
)


def read_sources(root: Path, assignment: str) -> tuple[dict[str, NotebookNode], list[Finding]]:
    """Return ({name: source notebook}, findings); no notebooks where it cannot be graded."""
    place = f"source/{assignment}"
    paths = sorted((root / "source" / assignment).glob("*.ipynb"))
    if not paths:
        folders = (root / "source").glob("*/")
        known = sorted(path.name for path in folders if any(path.glob("*.ipynb")))
        sentence = f"there is no such lesson: choose one of {', '.join(known) or 'none'}"
        return {}, [Finding("", assignment, place, sentence, True)]
    try:
        return {path.stem: read_source(path) for path in paths}, []
    except (nbformat.reader.NotJSONError, OSError) as problem:
        sentence = f"its notebook cannot be read ({problem}): correct it"
        return {}, [Finding("", assignment, place, sentence, True)]


def read_source(path: Path) -> NotebookNode:
    """Return a source notebook of format 4, in which every cell has an id.

    Older formats have no ids; their cells get the same ones each time.
    """
    source = nbformat.read(path, as_version=4)
    for number, cell in enumerate(source.cells):
        cell.setdefault("id", f"cell-{number:02d}")
    source.nbformat_minor = max(source.nbformat_minor, 5)
    return source


def register(
    settings: Settings,
    assignment: str,
    sources: Mapping[str, NotebookNode],
) -> str:
    """Bring the gradebook up to date with an assignment's cells.

    nbgrader's own generate_assignment does it, into a folder that is thrown away: release/ is not
    touched. Returns why the assignment cannot be graded, "" where it can. Raises GradebookError
    where the gradebook cannot be written.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    stamp = digest(sorted(sources.items()), settings.gradebook_url)
    kept = settings.root / KEPT / f"{assignment}.registered"
    up_to_date = kept.exists() and kept.read_text() == stamp
    if up_to_date and in_gradebook(settings, assignment, sources):
        return ""
    with (
        tempfile.TemporaryDirectory(prefix="release-", dir=settings.root / KEPT) as release,
        settings.working_folder.entered(),
    ):
        config = copy.deepcopy(settings.config)
        config.CourseDirectory.release_directory = os.path.relpath(release, settings.root)
        directory = CourseDirectory(config=config, assignment_id=assignment)
        try:
            result = capture_log(GenerateAssignment(coursedir=directory, config=config, force=True))
        except (Exception, SystemExit) as error:  # the course's own preprocessors and hooks
            result = {"success": False, "error": f"{type(error).__name__}: {error}"}
    if result["success"]:
        replace_text(kept, stamp, private=True)
        return ""
    return refusal(settings.root, assignment, result.get("log", "") + result.get("error", ""))


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
    if "submissions associated with it" in log:
        return (
            "cells were added or removed although submissions are graded already, which nbgrader "
            "does not allow: undo that, or give the changed lesson a new name"
        )
    if "assignment_course_id_fkey" in log:
        return (
            "this gradebook needs the course to have a name: "
            "set c.CourseDirectory.course_id in nbgrader_config.py"
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
    """Return the last line of a log that looks like an exception, and is not nbgrader's summary."""
    found = re.findall(
        r"^((?!.*NbGraderException)[\w.]*(?:Error|Exception)\b.*)$", log, flags=re.MULTILINE
    )
    return found[-1].strip()[:200] if found else "no reason given"


def imports_of(sources: Mapping[str, NotebookNode]) -> tuple[str, ...]:
    """Return the modules that an assignment's notebooks import, each once, in their order."""
    found: dict[str, None] = {}
    for source in sources.values():
        found |= dict.fromkeys(imports.imports_of(source))
    return tuple(found)
