"""Dependency fingerprints: what of the instructor's own modules the result of a cell depends on.

A cell depends on the functions, classes and values that it names, and on all that these name in
their turn. If it uses a module as a value (`print(helper)`), it depends on all of that module. If
it uses a package as a value, or looks names up (`eval`), it depends on everything.

This assumes two things: a statement that binds a name does nothing else, and code names what it
needs as code (`helper.mean`), not as a text (`"helper.mean"`).
"""

import ast
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from nbjudge.planning.imports import aliases_in
from nbjudge.planning.syntax import tree_of

Name = tuple[str, str]  # (module, name); the name "" stands for all of the module

ASKS_FOR_NAMES = {
    "globals",
    "eval",
    "exec",
    "__import__",
    "import_module",
    "importlib.import_module",
    "run_module",
    "runpy.run_module",
    "get_ipython",
}
EVERYTHING: Name = ("", "")


class ModuleSource(NamedTuple):
    """A module of the instructor's."""

    text: str
    package: str  # where its relative imports start


class Definition(NamedTuple):
    """A name at the top of a module."""

    digest: str  # of the statements that bind it
    needs: frozenset[Name]  # what these statements name


class Statements(NamedTuple):
    """Some statements of a module."""

    digest: str
    chains: tuple[str, ...]  # the dotted names in them


@dataclass(frozen=True, eq=False)
class Code:
    """The instructor's modules, taken apart."""

    whole: str  # digest of all of them and of the data in their packages
    always: str  # digest of what every result depends on: the data, and what runs at import
    names: dict[Name, Definition]
    packages: dict[str, bool]  # {module: whether it is a package}


def digest(*parts: Any) -> str:
    """Return a SHA-256 of texts, numbers, lists and the like; ("a", "b") and ("ab",) differ."""
    found = hashlib.sha256()
    for part in parts:
        data = json.dumps(part, sort_keys=True, default=str).encode()
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def take_apart(
    sources: Mapping[str, ModuleSource],
    data: Iterable[tuple[str, str]],
) -> Code:
    """Return the Code of {module: its source}; `data` are (path, digest) of the data files."""
    data = sorted(data)
    packages = {}
    for module, source in sources.items():
        packages[module] = module == source.package
    names: dict[Name, Definition] = {}
    run_at_import = []
    needed_at_import: set[Name] = set()
    for module, source in sources.items():
        bound, others = statements_of(source.text)
        aliases = aliases_in(source.text, source.package)
        scope = Scope(aliases, packages, module, bound)
        names |= definitions_in(scope, bound)
        run_at_import.append(others.digest)
        needed_at_import |= scope.meanings(others.chains)
    whole = digest(sorted(sources.items()), data)
    code = Code(whole, "", names, packages)
    needed = reached(code, frozenset(needed_at_import))
    return replace(code, always=digest(data, run_at_import, needed))


def definitions_in(
    scope: "Scope",
    bound: Mapping[str, Statements],
) -> dict[Name, Definition]:
    """Return the definitions of a module, given its scope and the statements that bind names.

    The names that the module imports are among them, because others can import them from it.
    """
    found = {}
    for name, statements in bound.items():
        needs = scope.meanings(statements.chains)
        found[scope.module, name] = Definition(statements.digest, needs)
    imports = Scope(scope.aliases, scope.packages)
    for name in scope.aliases:
        if name not in bound:
            needs = imports.meanings([name])
            found[scope.module, name] = Definition("", needs)
    return found


@lru_cache(256)  # assignments share modules
def statements_of(source: str) -> tuple[dict[str, Statements], Statements]:
    """Return ({name: the statements that bind it}, all statements that do something else)."""
    bound: dict[str, list[ast.AST]] = {}
    others: list[ast.AST] = []
    body: list[Any] = tree_of(source).body
    if not body:  # where a module does not parse, its text counts as one statement
        body = [ast.Constant(source)]
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        names = bound_by(node)
        for name in names:
            bound.setdefault(name, []).append(node)
        if not names:
            others.append(node)
    by_name = {name: summary(nodes) for name, nodes in bound.items()}
    return by_name, summary(others)


def summary(nodes: list[ast.AST]) -> Statements:
    """Return the digest of some statements and the dotted names in them."""
    texts = [ast.dump(node) for node in nodes]
    chains = dict.fromkeys(chains_of(*nodes))
    return Statements(digest(texts), tuple(chains))


@lru_cache(4096)  # most cells are the same in every notebook of a class
def reached(
    code: Code,
    named: frozenset[Name],
) -> str:
    """Return the digest of all that these names reach."""
    seen: set[Name] = set()
    waiting = list(named)
    while waiting:
        here = waiting.pop()
        if here == EVERYTHING:
            return code.whole
        if here in seen:
            continue
        seen.add(here)
        module, name = here
        if here in code.names:
            waiting += code.names[here].needs
        elif name:  # no statement at the top binds it, so it may come from anywhere in the module
            waiting.append((module, ""))
        else:
            waiting += [other for other in code.names if other[0] == module]
    digests = [(*name, code.names[name].digest) for name in seen if name in code.names]
    return digest(sorted(digests))


def reached_by(
    code: Code,
    cells: Iterable[str],
    notebook: Iterable[str],
) -> str:
    """Return the digest of what some cells reach, among all cells of their `notebook`.

    Cells are sources in Python, without IPython's own syntax.
    """
    aliases: dict[str, set[str]] = {}
    for cell in notebook:
        for name, targets in aliases_in(cell).items():
            aliases.setdefault(name, set()).update(targets)
    chains: list[str] = []
    for cell in cells:
        chains += chains_in(cell)
    named = Scope(aliases, code.packages).meanings(chains)
    return reached(code, named)


class Scope(NamedTuple):
    """A module or a notebook, which decides what the dotted names in it mean."""

    aliases: Mapping[str, set[str]]  # the imports around them
    packages: Mapping[str, bool]  # {module of the instructor's: whether it is a package}
    module: str = ""  # the module that they stand in, "" for a notebook
    bound: Collection[str] = ()  # the names at the top of that module

    def meanings(self, chains: Iterable[str]) -> frozenset[Name]:
        """Return what these dotted names mean of the instructor's modules."""
        found = {EVERYTHING} if "*" in self.aliases else set()
        for chain in chains:
            root, _, rest = chain.partition(".")
            if root in ASKS_FOR_NAMES or chain in ASKS_FOR_NAMES:
                found.add(EVERYTHING)
            if root in self.bound:
                found.add((self.module, root))
            for target in self.aliases.get(root, ()):
                found |= self.meaning(f"{target}.{rest}".strip("."))
        return frozenset(found)

    def meaning(self, chain: str) -> set[Name]:
        """Return what a dotted name means that starts with a module; {} if not the instructor's."""
        parts = chain.split(".")
        for length in range(len(parts), 0, -1):
            module = ".".join(parts[:length])
            if module not in self.packages:
                continue
            name = parts[length] if length < len(parts) else ""
            # every module of a package can be reached through the package
            return {EVERYTHING} if self.packages[module] and not name else {(module, name)}
        return set()


@lru_cache(4096)
def chains_in(source: str) -> tuple[str, ...]:
    """Return the dotted names in a piece of Python, each once."""
    return tuple(dict.fromkeys(chains_of(tree_of(source))))


def chains_of(*trees: ast.AST) -> Iterator[str]:
    """Yield the longest dotted names in pieces of code, such as `a.b.c`."""
    for tree in trees:
        names: list[str] = []
        node = tree
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            yield ".".join([node.id, *names])
        else:
            yield from chains_of(*ast.iter_child_nodes(tree))


def bound_by(node: ast.AST) -> list[str]:
    """Return the names that a statement binds, [] if it may do something else as well."""
    targets: list[ast.expr] = []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    names = []
    for target in targets:
        leaves = target.elts if isinstance(target, ast.Tuple) else [target]
        for leaf in leaves:
            if not isinstance(leaf, ast.Name):
                return []
            names.append(leaf.id)
    return names
