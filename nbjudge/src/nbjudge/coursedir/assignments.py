"""The instructor's side of a lesson: its source notebooks, and nbgrader's gradebook brought up to date with them."""

import copy
import os
import re
import tempfile

import nbformat

from nbjudge.coursedir.settings import coursedir, gradebook_url
from nbjudge.coursedir.submissions import Finding
from nbjudge.planning import plan

KEPT = ".grading"  # results of earlier runs, and the record of each submission
LOG_OF_DATABASE = re.compile(
    r"OperationalError\) (.*)|(No space left on device|Read-only file system|Permission denied)"
)


def read_lesson(root, lesson):
    """({name: source notebook}, findings) of a lesson; without notebooks where it cannot be graded."""
    paths = sorted((root / "source" / lesson).glob("*.ipynb"))
    if not paths:
        known = (
            ", ".join(
                sorted(
                    path.name for path in (root / "source").glob("*/") if any(path.glob("*.ipynb"))
                )
            )
            or "none"
        )
        return {}, [
            Finding(
                "",
                lesson,
                f"source/{lesson}",
                f"there is no such lesson: choose one of {known}",
                True,
            )
        ]
    try:
        return {path.stem: read_source(path) for path in paths}, []
    except (nbformat.reader.NotJSONError, OSError) as problem:
        return {}, [
            Finding(
                "",
                lesson,
                f"source/{lesson}",
                f"its notebook cannot be read ({problem}): correct it",
                True,
            )
        ]


def register(root, lesson, sources, config):
    """Bring the gradebook up to date with the lesson's cells; return why it cannot be graded, "" where it can.

    nbgrader's own generate_assignment does it, into a folder that is thrown away: release/ is not touched.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.utils import capture_log

    stamp = plan.digest(
        sorted((name, source) for name, source in sources.items()), gradebook_url(root)
    )
    kept = root / KEPT / f"{lesson}.registered"
    if kept.exists() and kept.read_text() == stamp and in_gradebook(root, lesson, sources):
        return ""
    with tempfile.TemporaryDirectory(prefix="release-", dir=root / KEPT) as release:
        config = copy.deepcopy(config)
        config.CourseDirectory.release_directory = os.path.relpath(release, root)
        result = capture_log(
            GenerateAssignment(coursedir=coursedir(config, lesson), config=config, force=True)
        )
    if result["success"]:
        kept.write_text(stamp)
        return ""
    log = result.get("log", "") + result.get("error", "")
    if found := LOG_OF_DATABASE.search(log):
        raise ValueError(
            f"{root} or its gradebook cannot be written ({found[1] or found[2]}): close what else has the gradebook open, make room "
            "there, or allow it; then run the same command again"
        )
    if "submissions associated with it" in log:
        return (
            "cells were added or removed although submissions are graded already, which nbgrader does not allow: undo that, "
            "or give the changed lesson a new name"
        )
    if "assignment_course_id_fkey" in log:
        return "this gradebook needs the course to have a name: set c.CourseDirectory.course_id in nbgrader_config.py"
    return f"nbgrader cannot read this lesson ({last_error(log)}): run `nbgrader generate_assignment {lesson}` to see more"


def read_source(path):
    """A lesson's notebook; its cells get ids where the format is older than those, the same ones each time."""
    source = nbformat.read(path, as_version=4)
    for number, cell in enumerate(source.cells):
        cell.setdefault("id", f"cell-{number:02d}")
    source.nbformat_minor = max(source.nbformat_minor, 5)
    return source


def in_gradebook(root, lesson, sources):
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook_url(root)) as book:
        try:
            return {notebook.name for notebook in book.find_assignment(lesson).notebooks} >= set(
                sources
            )
        except MissingEntry:
            return False


def last_error(log):
    """The last line of a log that looks like an exception; nbgrader's own summary is not one."""
    found = re.findall(
        r"^((?!.*NbGraderException)[\w.]*(?:Error|Exception)\b.*)$", log, flags=re.MULTILINE
    )
    return found[-1].strip()[:200] if found else "no reason given"


def imports_of(sources):
    """Modules that a lesson's notebooks import."""
    return tuple(
        dict.fromkeys(module for source in sources.values() for module in plan.imports_of(source))
    )
