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
from types import ModuleType

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

ANY = "*"  # in place of a name: nobody can tell from the text which names are meant
# Functions that read what they are given and neither change nor keep it.
READERS = frozenset(
    "len sum min max sorted any all enumerate zip map filter list tuple set frozenset dict str repr"
    " print isinstance iter deepcopy copy".split()
)
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


def state_of(module: ModuleType) -> frozenset[str]:
    """Return the names of a module's data that its functions change or hand out, ANY among them
    where that can be all names, as in a module without a text."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return frozenset({ANY})
    names = set()
    functions = []
    for node in outside_functions(tree):
        if isinstance(node, FUNCTIONS):
            functions.append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    found = set()
    for function in functions:
        found |= changed_in(function, names)
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
