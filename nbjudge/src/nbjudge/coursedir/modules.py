"""The instructor's own modules and the data beside them, found on disk without importing them.

A module is the instructor's own where it lies outside Python and its installed packages. The engine
itself is not, wherever it lies: nothing that is graded has to run again because of a change in it,
and templates need not import what it imports.
"""

import hashlib
import importlib.util
import itertools
import sys
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path

from nbjudge.planning.fingerprints import Code, ModuleSource, take_apart
from nbjudge.planning.imports import imported_modules

ENGINE = "nbjudge"
# No cell reads these files when it runs, so a correction in them must not make a class run again.
# A check may read any other file, so the content of all others counts.
DOCUMENTATION = (
    "*.md",
    "*.rst",
    "README*",
    "CHANGELOG*",
    "LICENSE*",
    "COPYING*",
    "py.typed",
)


def own_modules(imports: Iterable[str]) -> dict[str, Path]:
    """Return {module: its file} of the instructor's own modules that these imports reach."""
    found: dict[str, Path] = {}
    waiting = list(imports)
    while waiting:
        parts = waiting.pop().split(".")
        for length in range(1, len(parts) + 1):  # `import a.b` imports `a`, too
            module = ".".join(parts[:length])
            path = None if module in found else location(module)
            if path:
                found[module] = path
                waiting += imported_modules(read(path), package_of(module, path))
    return found


def read_code(imports: Iterable[str]) -> Code:
    """Return the Code of the instructor's own modules that these imports reach.

    Data files are compared by their content, so nothing runs again after the course was copied or
    a file got a new date.
    """
    modules = own_modules(imports)
    sources = {}
    folders = set()
    for module, path in modules.items():
        package = package_of(module, path)
        sources[module] = ModuleSource(read(path), package)
        if package == module:
            folders.add(path.parent)
    return take_apart(sources, data_files(folders))


def data_files(folders: set[Path]) -> list[tuple[str, str]]:
    """Return [(path, digest of the content)] of the data in some folders and below them."""
    found = []
    for folder in sorted(folders):
        if any(parent in folders for parent in folder.parents):
            continue  # it is searched with the folder above
        for path in sorted(folder.rglob("*")):
            if path.is_file() and is_data(path):
                status = path.stat()
                content = content_digest(path, status.st_size, status.st_mtime_ns)
                found.append((path.relative_to(folder.parent).as_posix(), content))
    return found


def is_data(path: Path) -> bool:
    """Return whether a file in a package may decide a result, and is not Python itself."""
    if path.suffix in (".py", ".pyc") or "__pycache__" in path.parts:
        return False
    return not any(fnmatch(path.name, pattern) for pattern in DOCUMENTATION)


@lru_cache(4096)  # size and time are parameters so that a changed file is read again
def content_digest(path: Path, size: int, modified: int) -> str:
    """Return the SHA-256 of a file's content, read once a process while size and time stay."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def packages_of(imports: Iterable[str]) -> set[str]:
    """Return the installed packages (top-level names) that these imports bring in.

    They are those of the imports themselves, and those that the instructor's own modules import
    when they are imported.
    """
    own = own_modules(imports)
    names = {name.partition(".")[0] for name in imports}
    for path in own.values():
        for name in imported_modules(read(path), "own", inside_functions=False):
            names |= {name.partition(".")[0]} - sys.stdlib_module_names
    return names - {"own"} - top_level(own)


def common_packages(assignments: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the installed packages that at least half of some assignments import.

    `assignments`: the imports of each. Workers import these packages once. The other packages are
    imported for the assignments that use them only, because each imported library makes every fork
    slower.
    """
    packages = [packages_of(imports) for imports in assignments]
    counts = Counter(itertools.chain.from_iterable(packages))
    return tuple(sorted(name for name, count in counts.items() if 2 * count >= len(packages)))


def top_level(modules: Iterable[str]) -> set[str]:
    """Return the top-level names of some modules."""
    return {module.partition(".")[0] for module in modules}


def package_of(module: str, path: Path) -> str:
    """Return the package in which a module's relative imports start."""
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def read(path: Path) -> str:
    """Return a module's source."""
    return path.read_text(encoding="utf-8")


@cache
def location(module: str) -> Path | None:
    """Return the file of a module of the instructor's; None for any other name.

    The modules of a package are looked for in its folder, because importlib would import the
    package to find them.
    """
    package, _, name = module.rpartition(".")
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == ENGINE:
        return None
    above = location(package) if package else None
    if above:
        if above.name != "__init__.py":
            return None
        places = (above.parent / name / "__init__.py", above.parent / f"{name}.py")
        return next((path for path in places if path.exists()), None)
    if package and is_installed(find_spec(top)):
        return None
    spec = find_spec(module)
    if not spec or not spec.origin or not spec.origin.endswith(".py") or is_installed(spec):
        return None
    return Path(spec.origin).resolve()


def find_spec(module: str) -> ModuleSpec | None:
    """Return what Python would import under a name; None where that is nothing."""
    try:
        return importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        return None


def is_installed(spec: ModuleSpec | None) -> bool:
    """Return whether a module belongs to Python or to an installed package."""
    if spec is None:
        return False
    homes = [Path(path).resolve() for path in (sys.prefix, sys.base_prefix)]
    places: list[str | None] = [*(spec.submodule_search_locations or ()), spec.origin]
    for place in places:
        if not place:
            continue
        path = Path(place).resolve()
        if "site-packages" in path.parts or any(home in path.parents for home in homes):
            return True
    return False
