"""Which data of the instructor's modules is constant, read from the modules' own text.

A module may keep state: a robot's position, a list of registered functions. Answers change it by
calling the module's functions, and the checks look at it, so it stays as it is. Data that no
function of the module changes or hands out is constant, and only a student who reaches into the
module changes it; that is restored before a check (snapshot.py).
"""

import ast
import builtins
import inspect
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import ModuleType
from typing import NamedTuple

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

ANY = "*"  # in place of a name: nobody can tell from the text which names are meant
# Functions that read what they are given and neither change nor keep it.
READERS = frozenset(
    "len sum min max sorted any all enumerate zip map filter list tuple set frozenset dict str repr"
    " print isinstance iter deepcopy copy".split()
)
# Functions whose result holds elements of what they are given.
PASSING = frozenset(
    "list tuple set frozenset dict sorted reversed zip enumerate map filter iter next min max copy"
    " getattr vars".split()
)
COPYING = frozenset("list tuple set frozenset dict sorted copy deepcopy".split())
# Methods that read.
READING = frozenset(
    "items keys values get copy index count join format startswith endswith lower upper strip split"
    " shape dtype clone tolist item mean sum min max float int long".split()
)

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
PLAIN_READS = (
    ast.Compare,
    ast.BinOp,
    ast.UnaryOp,
    ast.Starred,
    ast.FormattedValue,
    ast.If,
    ast.While,
    ast.Assert,
    ast.arguments,  # a default: the parameter stands for the name
)


class State(NamedTuple):
    """What a module's functions change; ANY where that can be everything, as without a text."""

    names: frozenset[str]  # of the module's data that they change or hand out
    writes: frozenset[str]  # attributes, of whatever, that they assign


class Text(NamedTuple):
    """What is read of a module's text."""

    tree: ast.Module
    functions: list[ast.AST]  # and classes
    names: set[str]  # that the module binds outside of them


def text_of(module: ModuleType) -> Text | None:
    """Return what is read of a module's text, None where it has none."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return None
    names = set()
    functions: list[ast.AST] = []
    for node in outside_functions(tree):
        if isinstance(node, FUNCTIONS):
            functions.append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return Text(tree, functions, names)


def state_of(module: ModuleType) -> State:
    """Return what a module's functions change."""
    text = text_of(module)
    if text is None:
        return State(frozenset({ANY}), frozenset({ANY}))
    found = set()
    for function in text.functions:
        found |= changed_in(function, text.names)
    writes = {
        node.attr
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    }
    return State(frozenset(found), frozenset(writes))


def inner_state_of(module: ModuleType) -> frozenset[str]:
    """Return the names of a module's data whose elements its functions change or hand out."""
    text = text_of(module)
    if text is None:
        return frozenset({ANY})
    imported = imported_names(text.tree, module.__name__)
    harmless = READERS | PASSING | vars(builtins).keys() | imported
    harmless |= {
        function.name
        for function in text.functions
        if isinstance(function, ast.FunctionDef)
        and not changed_elements(function, parameters_of(function), harmless)
    }
    found: set[str] = set()
    for function in text.functions:
        found |= changed_elements(function, text.names, harmless)
    return frozenset(found)


def outside_functions(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module down to its functions and classes, without what is in these."""
    waiting: list[ast.AST] = [tree]
    for node in waiting:
        yield node
        if not isinstance(node, FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(node))


def changed_in(function: ast.AST, names: set[str]) -> set[str]:
    """Return those of a module's names that a function, or one in it, may change or hand out."""
    parents = {}
    loaded = []
    found = set()
    stands_for: dict[str, set[str]] = {}  # {parameter: names that are its default}
    for node in ast.walk(function):
        for child in ast.iter_child_nodes(node):
            parents[child] = node
        if isinstance(node, ast.Name):
            loaded.append(node)
        elif isinstance(node, ast.Global):
            found |= set(node.names)
        elif isinstance(node, ast.arguments):
            for parameter, name in parameters_with(node, names):
                stands_for.setdefault(parameter, set()).add(name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("globals", "vars", "exec", "eval", "setattr"):
                found.add(ANY)
    for name_node in loaded:
        meant = stands_for.get(name_node.id, {name_node.id} & names)
        if meant and not only_reads(name_node, parents):
            found |= meant
    return found


def parameters_of(function: ast.FunctionDef) -> set[str]:
    """Return the names of a function's parameters."""
    return {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}


def imported_names(tree: ast.Module, module: str) -> set[str]:
    """Return the names that a module imports from libraries, and not from its own package."""
    package = module.partition(".")[0]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            pairs = [(alias.name, alias.asname) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            pairs = [(str(node.module), alias.asname or alias.name) for alias in node.names]
        else:
            continue
        for home, name in pairs:
            top = home.partition(".")[0]
            if top != package:
                found.add(name or top)
    return found


def changed_elements(function: ast.AST, names: set[str], harmless: AbstractSet[str]) -> set[str]:
    """Return those of a module's names whose elements a function may change or hand out.

    `harmless`: names of functions, and of modules with functions, that only read what they get.
    What any other function gets, such as a student's, it may change.
    """
    holds = {name: {name} for name in names}  # {variable: names whose elements it may hold}
    nodes = list(ast.walk(function))
    for node in nodes:
        if isinstance(node, ast.arguments):
            for parameter, name in parameters_with(node, names):
                holds.setdefault(parameter, set()).add(name)
    before = -1
    while before != sum(map(len, holds.values())):
        before = sum(map(len, holds.values()))
        for target, value in assignments(nodes):
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and part.id not in names:
                    holds.setdefault(part.id, set()).update(held_by(value, holds))
    found: set[str] = set()
    for node in nodes:
        for expression in handed_out(node, harmless):
            found |= held_by(expression, holds)
    return found


def assignments(nodes: list[ast.AST]) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield (target, value) of what binds names."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield node.target, node.value
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield node.target, node.iter
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield node.optional_vars, node.context_expr


def held_by(node: ast.AST, holds: dict[str, set[str]]) -> set[str]:
    """Return the names whose elements the value of an expression may be, hold or lie in."""
    if isinstance(node, ast.Name):
        return holds.get(node.id, set())
    if isinstance(node, (ast.Constant, ast.Compare, ast.JoinedStr)):
        return set()
    parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        parts = parts[1:] if node.func.id in PASSING else []
    elif isinstance(node, ast.Call):
        parts = [node.func]
    return set().union(*(held_by(part, holds) for part in parts))


def handed_out(node: ast.AST, harmless: AbstractSet[str]) -> Iterator[ast.AST]:
    """Yield the expressions whose value a node changes, or makes known outside of its function."""
    if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)) and node.value is not None:
        yield node.value
    elif isinstance(node, ast.Lambda):
        yield node.body
    elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.AugAssign):
        yield node.target
    elif isinstance(node, ast.Assign):
        if any(isinstance(target, (ast.Subscript, ast.Attribute)) for target in node.targets):
            yield node.value
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr not in READING:
            yield node.func.value
        first: ast.AST = node.func
        while isinstance(first, ast.Attribute):
            first = first.value
        if not isinstance(first, ast.Name) or first.id not in harmless:
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (value for value in values if not is_copy(value))


def is_copy(node: ast.AST) -> bool:
    """Return whether an expression copies a container, so that changing it changes no other."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in COPYING
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("copy", "clone")
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)


def parameters_with(arguments: ast.arguments, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (parameter, name) of the parameters whose default is a name of the module's."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(plain[::-1], arguments.defaults[::-1]),
        *zip(arguments.kwonlyargs, arguments.kw_defaults),
    ]
    for parameter, default in pairs:
        if isinstance(default, ast.Name) and default.id in names:
            yield parameter.arg, default.id


def only_reads(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether an expression is read in a way that neither changes its value nor hands it
    out."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return True  # a local name, or a global statement says so
    parent = parents.get(node)
    if isinstance(parent, (ast.BoolOp, ast.IfExp)):
        return only_reads(parent, parents)
    if isinstance(parent, ast.Subscript):
        return isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.Attribute):
        return isinstance(parent.ctx, ast.Load) and parent.attr in READING
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id in READERS
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is node
    return isinstance(parent, PLAIN_READS)
