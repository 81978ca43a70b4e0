"""Which modules the files beside a notebook are, by their names alone.

As in Jupyter, a file beside the notebook hides an installed package of its name. It does not hide
Python's standard library, which comes first, and must not take the place of a module of the
instructor's.
"""

import importlib.util
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath

SUFFIXES = (".py", ".pyc", ".so", ".pyd")


def module_of(file: str) -> str:
    """Return the dotted name under which Python imports a file, "" for what is no module.

    `file` is relative to the notebook's folder, which is on the module search path.
    """
    path = PurePosixPath(file)
    parts = [*path.parts[:-1], path.name.partition(".")[0]]
    if path.suffix not in SUFFIXES or not all(part.isidentifier() for part in parts):
        return ""
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def modules_beside(files: Iterable[str]) -> set[str]:
    """Return the top-level modules and packages that these files are and that can be imported.

    A file with the name of a module of the standard library cannot.
    """
    found = {module_of(file) for file in files} - {""}
    return {name for name in found - sys.stdlib_module_names if "." not in name}


def hidden_packages(files: Iterable[str]) -> set[str]:
    """Return the installed packages that these files hide."""
    return {name for name in modules_beside(files) if is_installed(name)}


@lru_cache(4096)
def is_installed(name: str) -> bool:
    """Return whether there is a top-level package of this name."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def in_place_of(
    files: Iterable[str],
    given: Collection[str],
    own: Collection[str],
) -> Iterator[str]:
    """Yield the files that Python would import in place of a module of the instructor's.

    `given` are the instructor's files beside the notebook, `own` the top-level names of the
    instructor's packages.
    """
    modules = {module_of(file) for file in given} - {""}
    for file in files:
        module = module_of(file)
        if file not in given and (module in modules or module.partition(".")[0] in own):
            yield file
