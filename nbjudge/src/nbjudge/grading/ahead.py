"""Starts the zygote of a grading before the grading itself is imported.

The zygote imports the packages of all assignments, which takes longest of all that has to be done
before the first cell runs. Importing nbgrader takes a second. Here both are done at the same time,
so this module, and what it imports, must not import nbgrader.
"""

import contextlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from nbjudge.coursedir.modules import common_packages
from nbjudge.grading.options import Options
from nbjudge.planning.imports import imports_of
from nbjudge.sandbox.host.zygote_process import AHEAD
from nbjudge.worker.places import is_inside

SOURCE, SUBMITTED, RESULTS = "source", "submitted", Path(".grading", "results")


@contextlib.contextmanager
def zygote_of(
    root: Path,
    assignments: Sequence[str],
    students: Collection[str] | None,
    options: Options,
) -> Iterator[None]:
    """Start the zygote that a grading will probably need; end it after the block if it did not.

    A grading takes it if it has just the packages that the grading finds itself. So a wrong guess,
    such as in a course whose folders have other names, costs time only.
    """
    if may_need(root, assignments, students, options):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            AHEAD.start(
                lambda: common_packages(imports_in(root / SOURCE / each) for each in assignments)
            )
    try:
        yield
    finally:
        AHEAD.end()


def may_need(
    root: Path,
    assignments: Sequence[str],
    students: Collection[str] | None,
    options: Options,
) -> bool:
    """Return whether a grading will probably run cells in sandboxes of this process."""
    inside = is_inside(options.workers or os.cpu_count() or 1, options.scheduler)
    if not inside or options.kernel or not options.execute or sys.platform != "linux":
        return False
    if not assignments or not all((root / SOURCE / each).is_dir() for each in assignments):
        return False
    for assignment in assignments:
        for folder in (root / SUBMITTED).glob(f"*/{assignment}"):
            student = folder.parent.name
            result = root / RESULTS / student / f"{assignment}.json"
            wanted = students is None or student in students
            if wanted and (options.force or not result.exists()):
                return True
    return False


def imports_in(folder: Path) -> tuple[str, ...]:
    """Return the modules that the source notebooks in a folder import."""
    found: dict[str, None] = {}
    for path in sorted(folder.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        found |= dict.fromkeys(imports_of(notebook["cells"]))
    return tuple(found)
