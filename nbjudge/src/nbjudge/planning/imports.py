"""What a piece of Python imports, read from its text."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from nbjudge.planning.syntax import NOT_PYTHON, as_python, is_too_large, parse, tree_of


def imports_of(cells: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the modules that a source notebook's cells import, in their order, solutions left out.

    The cells are those of nbformat 4. For `from package import name` both `package` and
    `package.name` are among them, because the name may be a module.
    """
    found: list[str] = []
    for cell in cells:
        is_solution = cell["metadata"].get("nbgrader", {}).get("solution", False)
        if cell["cell_type"] == "code" and not is_solution:
            found += imported_modules(_as_python("".join(cell["source"])))
    return tuple(dict.fromkeys(found))


def _as_python(cell: str) -> str:
    """Do what `as_python` does, without IPython, whose import takes long, where a cell needs none.

    The two differ in white space at most.
    """
    try:
        if not is_too_large(cell):
            parse(cell)
            return cell
    except NOT_PYTHON:
        pass
    return as_python(cell)


@lru_cache(4096)
def imported_modules(
    text: str,
    package: str = "",
    inside_functions: bool = True,
) -> tuple[str, ...]:
    """Return the names of the modules that a piece of Python imports.

    `package` is where its relative imports start. Without `inside_functions`, only the imports
    count that run when the text itself is run.
    """
    found = []
    tree = tree_of(text)
    for node in ast.walk(tree) if inside_functions else outside_functions(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = base_of(node, package)
            found.append(base)
            found += [f"{base}.{alias.name}" for alias in node.names]
    return tuple(name for name in found if name)


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it, without the bodies of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from outside_functions(child)


@lru_cache(4096)
def aliases_in(
    source: str,
    package: str = "",
) -> dict[str, set[str]]:
    """Return {name: the dotted names that it may stand for} of all imports in a piece of Python.

    The name "*" is among them if there is a `from module import *`, whose names are not known.
    """
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree_of(source)):
        for name, target in bindings_of(node, package):
            found.setdefault(name, set()).add(target)
    return found


def bindings_of(
    node: ast.AST,
    package: str,
) -> Iterator[tuple[str, str]]:
    """Yield (name, the dotted name that it stands for) of what an import statement binds."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
            else:  # `import a.b` binds `a`
                top = alias.name.partition(".")[0]
                yield top, top
    elif isinstance(node, ast.ImportFrom):
        base = base_of(node, package)
        for alias in node.names:
            name = alias.asname or alias.name
            yield name, f"{base}.{alias.name}"


def base_of(
    node: ast.ImportFrom,
    package: str,
) -> str:
    """Return the dotted name of the module from which `from ... import` takes its names."""
    if not node.level:
        return node.module or ""
    parents = package.split(".") if package else []
    above = node.level - 1  # one dot means the package itself
    parts = parents[: len(parents) - above]
    if node.module:
        parts.append(node.module)
    return ".".join(parts)
