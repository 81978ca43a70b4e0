"""What nbgrader's settings, plugins and preprocessors find around them when they run.

Stock nbgrader is called from the course's folder: relative paths start there, and modules beside
nbgrader_config.py can be imported. nbjudge may be called from anywhere.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType


class WorkingFolder:
    """The course's folder as the current one, with its own sys.path and its own modules."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = [str(root)]  # what comes before the rest of sys.path
        self.modules: dict[str, ModuleType] = {}  # that were imported from there

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Run the block as if the process had been started in the course's folder.

        Afterwards sys.path and sys.modules hold nothing of the course, for three reasons: the
        sandbox inherits sys.path, a notebook may have a file of the same name beside it, and so
        may the next course that this process grades. What the block itself puts on sys.path is
        there again the next time. Nothing is written beside the modules.
        """
        folder, path, before = os.getcwd(), list(sys.path), set(sys.modules)
        writes_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        os.chdir(self.root)
        sys.path[:0] = self.path
        sys.modules.update(self.modules)
        try:
            yield
        finally:
            self.path = [place for place in sys.path if place not in path]
            sys.path[:] = path
            sys.dont_write_bytecode = writes_nothing
            os.chdir(folder)
            new = {*(set(sys.modules) - before), *self.modules}
            for name in self._of_the_course(new):
                self.modules[name] = sys.modules.pop(name)

    def _of_the_course(self, names: Iterable[str]) -> list[str]:
        """Return those of these modules that can be imported from the course's folder only."""
        tops = {}
        for name in names:
            top = name.partition(".")[0]
            if top not in tops:
                tops[top] = self._lies_there(top) and not is_found(top)
        return [name for name in names if tops[name.partition(".")[0]]]

    def _lies_there(self, top: str) -> bool:
        """Return whether a module lies in one of the folders that come first in sys.path."""
        spec = getattr(sys.modules.get(top), "__spec__", None)
        places = list(getattr(spec, "submodule_search_locations", None) or ())
        if not places and spec and spec.has_location:
            places = [spec.origin]
        homes = {Path(place).resolve() for place in self.path}
        return any(Path(place).resolve().parent in homes for place in places)


def is_found(top: str) -> bool:
    """Return whether Python finds a module with the present sys.path; sys.modules does not count.

    importlib.util.find_spec would answer from sys.modules.
    """
    for finder in sys.meta_path:
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            if finder.find_spec(top, None):
                return True
    return False
