"""The notebook's names that a cell sets and uses, read from its text."""

import ast
import symtable
from functools import lru_cache
from typing import NamedTuple

from nbjudge.planning.syntax import NOT_PYTHON, as_python, functions_and_classes, tree_of

COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})


class CellNames(NamedTuple):
    """The notebook's names that a cell sets and that it uses."""

    sets: frozenset[str] | None  # None: the cell is not Python, so nobody can tell
    uses: frozenset[str]


@lru_cache(4096)  # most cells are the same in every notebook of a class
def names_of(source: str) -> CellNames:
    """Return the names that a cell sets and uses in the notebook, inside its functions too."""
    unknown = CellNames(None, frozenset())
    python = as_python(source)
    if source.strip() and not python:
        return unknown
    try:
        scopes = scopes_of(python)
    except NOT_PYTHON:
        return unknown
    sets: set[str] = set()
    uses: set[str] = set()
    for scope in scopes:
        top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            is_global = top or symbol.is_global()
            if (symbol.is_assigned() and (top or symbol.is_declared_global())) or (
                top and symbol.is_imported()
            ):
                sets.add(symbol.get_name())
            if symbol.is_referenced() and is_global:
                uses.add(symbol.get_name())
    return CellNames(frozenset(sets), frozenset(uses))


def scopes_of(python: str) -> list[symtable.SymbolTable]:
    """Return the scopes of a cell: its own, and those of its functions and classes.

    Raises what NOT_PYTHON names where the text is not Python.
    """
    scopes = [symtable.symtable(python, "cell", "exec")]
    for scope in scopes:  # which grows meanwhile
        scopes += scope.get_children()
    return scopes


@lru_cache(4096)
def local_names(source: str) -> frozenset[str]:
    """Return the names that a cell uses only as local variables of functions.

    In a class the same name may be the notebook's until the class binds it, so it is not local.
    """
    try:
        scopes = scopes_of(as_python(source))
    except NOT_PYTHON:
        return frozenset()
    local: set[str] = set()
    others: set[str] = set()
    for scope in scopes:
        in_function = scope.get_type() == "function"
        for symbol in scope.get_symbols():
            is_local = in_function and not symbol.is_global()
            (local if is_local else others).add(symbol.get_name())
    return frozenset(local - others)


@lru_cache(4096)
def names_read_by_functions(source: str) -> frozenset[str]:
    """Return the notebook's names that the functions of a cell read when they are called."""
    try:
        scopes = scopes_of(as_python(source))
    except NOT_PYTHON:
        return frozenset()
    found: set[str] = set()
    for scope in scopes:
        if scope.get_type() == "function" and scope.get_name() not in COMPREHENSIONS:
            for symbol in scope.get_symbols():
                if symbol.is_global() and symbol.is_referenced():
                    found.add(symbol.get_name())
    return frozenset(found)


@lru_cache(4096)
def definitions(source: str) -> frozenset[str]:
    """Return the names that a cell binds to functions, classes and modules."""
    tree = tree_of(as_python(source))
    found = functions_and_classes(tree)
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = alias.asname or alias.name
                found.add(name.partition(".")[0])
    return frozenset(found)
