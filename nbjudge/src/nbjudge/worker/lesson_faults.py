"""What makes an assignment's own cells fail, whoever handed in: a package that is not installed."""

import re
from collections.abc import Iterable

from nbformat import NotebookNode

from nbjudge.coursedir.modules import find_spec
from nbjudge.job import Step
from nbjudge.planning.imports import imported_modules
from nbjudge.planning.syntax import as_python

MISSING = re.compile(r"No module named '(\w+)")


def missing_packages(
    notebook: NotebookNode,
    steps: Iterable[tuple[int, Step]],
) -> dict[str, str]:
    """Return {package: cell} that cells of the assignment's own import and this Python lacks.

    `notebook` has been executed; `steps` are its steps with the indices of their cells. Modules
    that students hand in are among them where they are missing: who knows the assignment's files
    can tell.
    """
    found: dict[str, str] = {}
    for index, step in steps:
        if step.kind not in ("given", "check"):
            continue
        for output in notebook.cells[index].outputs:
            package = missing_in(output)
            if package and imports_it(step.source, package) and find_spec(package) is None:
                found.setdefault(package, step.name)
    return found


def missing_in(output: NotebookNode) -> str:
    """Return the package that an error says is missing, "" where it says something else."""
    if output.output_type != "error" or output.ename != "ModuleNotFoundError":
        return ""
    named = MISSING.search(output.evalue)
    return named[1] if named else ""


def imports_it(source: str, package: str) -> bool:
    """Return whether a cell's own text imports a package."""
    imported = imported_modules(as_python(source))
    return any(module.partition(".")[0] == package for module in imported)
