"""What of the instructor's own modules a cell can reach; that much is in the key under which its result is kept.

A name reaches its function, class or value, and whatever these name in their turn. Where a module is handed around as a thing, all
of it is reached; where Python is asked for names, or a package is handed around, everything is. Two things are taken for granted: a
statement that binds a name does nothing else, and what is needed is named in code and not in a text (`module.__name__`, not "module").
"""

import ast
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from nbjudge.planning.syntax import parse

ASKING = {
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
EVERYTHING = ("", "")


@dataclass(frozen=True, eq=False)
class Code:
    """The instructor's modules, taken apart."""

    whole: str  # digest of all of them, and of the data in their packages
    always: str  # digest of what every result depends on: those data, and what runs when the modules are imported
    names: dict  # {(module, name): (digest, what it names: {(module, name)})}
    packages: dict  # {module: whether it is a package}


def digest(*parts):
    found = hashlib.sha256()
    for part in parts:
        data = (
            part
            if isinstance(part, bytes)
            else json.dumps(part, sort_keys=True, default=str).encode()
        )
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def take_apart(sources, data):
    """A Code from {module: (source, the package in which its relative imports start)}; `data` is what the data are known by."""
    packages, names, runs, named = (
        {module: module == package for module, (_, package) in sources.items()},
        {},
        [],
        set(),
    )
    for module, (source, package) in sources.items():
        bound, (run, run_names), aliases = *statements(source), aliases_in(source, package)
        for name, (text, chains) in bound.items():
            names[module, name] = text, named_by(chains, aliases, packages, module, bound)
        for name in aliases.keys() - bound.keys():  # what a module imports can be had from it
            names[module, name] = "", named_by([name], aliases, packages)
        runs.append(run)
        named |= named_by(run_names, aliases, packages, module, bound)
    whole = digest(sorted(sources.items()), data)
    return Code(
        whole,
        digest(data, runs, reached(Code(whole, "", names, packages), frozenset(named))),
        names,
        packages,
    )


@lru_cache(256)  # lessons share modules
def statements(source):
    """({name: (digest, dotted names)} of what a module's statements bind, (digest, dotted names) of those that do something else)."""
    bound, rest = {}, []
    for node in parsed(source).body or [ast.Constant(source)]:
        for name in bound_by(node):
            bound.setdefault(name, []).append(node)
        if not bound_by(node) and not isinstance(node, (ast.Import, ast.ImportFrom)):
            rest.append(node)

    def known(nodes):
        return digest([ast.dump(node) for node in nodes]), tuple(dict.fromkeys(chains_of(*nodes)))

    return {name: known(nodes) for name, nodes in bound.items()}, known(rest)


@lru_cache(4096)  # most cells are the same in every notebook
def reached(code, named):
    """The digest of all that these {(module, name)} reach; the name "" stands for all of a module."""
    seen, waiting = set(), list(named)
    while waiting:
        here = module, name = waiting.pop()
        if here == EVERYTHING:
            return code.whole
        if here not in seen:
            seen.add(here)
            if here in code.names:
                waiting += code.names[here][1]
            elif name:  # it is made in some other way than by a statement at the top
                waiting.append((module, ""))
            else:
                waiting += [other for other in code.names if other[0] == module]
    return digest(sorted((*here, code.names[here][0]) for here in seen if here in code.names))


def reached_by(code, cells, notebook):
    """The digest of what these cells reach, sources in Python, in a notebook of the cells `notebook`."""
    aliases = {}
    for cell in notebook:
        for name, targets in aliases_in(cell).items():
            aliases.setdefault(name, set()).update(targets)
    return reached(
        code,
        frozenset(
            named_by([chain for cell in cells for chain in chains_in(cell)], aliases, code.packages)
        ),
    )


def named_by(chains, aliases, packages, module="", bound=()):
    """{(module, name)} that these dotted names mean.

    `aliases`: the imports around them. `bound`: the names at the top of the `module` that they stand in.
    """
    found = {EVERYTHING} if "*" in aliases else set()
    for chain in chains:
        root, _, rest = chain.partition(".")
        if root in ASKING or chain in ASKING:
            found.add(EVERYTHING)
        if root in bound:
            found.add((module, root))
        for target in aliases.get(root, ()):
            parts = f"{target}.{rest}".strip(".").split(".")
            lengths = [
                length
                for length in range(1, len(parts) + 1)
                if ".".join(parts[:length]) in packages
            ]
            if lengths:
                home, name = (
                    ".".join(parts[: lengths[-1]]),
                    "".join(parts[lengths[-1] : lengths[-1] + 1]),
                )
                found.add(EVERYTHING if packages[home] and not name else (home, name))
    return found


@lru_cache(4096)
def chains_in(source):
    return tuple(dict.fromkeys(chains_of(parsed(source))))


def chains_of(*trees):
    """The longest dotted names in pieces of code, such as `a.b.c`."""
    for tree in trees:
        node, names = tree, []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            yield ".".join([node.id, *names])
        else:
            yield from chains_of(*ast.iter_child_nodes(tree))


def bound_by(node):
    """Names that a statement binds and, so we take it, does nothing else."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    leaves = [
        leaf
        for target in targets
        for leaf in (target.elts if isinstance(target, ast.Tuple) else [target])
    ]
    return (
        [leaf.id for leaf in leaves] if all(isinstance(leaf, ast.Name) for leaf in leaves) else []
    )


@lru_cache(4096)
def aliases_in(source, package=""):
    """{name: {the dotted names that it stands for}} of all imports in a piece of Python; "*" where one does not say what it brings."""
    found = {}
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found.setdefault(alias.asname or top, set()).add(
                    alias.name if alias.asname else top
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name, set()).add(
                    f"{home_of(node, package)}.{alias.name}"
                )
    return found


def home_of(node, package):
    """The module that a `from ... import` names, as a dotted name."""
    above = package.split(".")
    base = ".".join(above[: len(above) - node.level + 1]) if node.level else ""
    return ".".join(filter(None, (base, node.module)))


@lru_cache(256)  # a module is read for its imports, its names and its statements
def parsed(source):
    """The syntax tree; that of nothing where it is no Python, which fails wherever it is run."""
    try:
        return parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
