"""What a cell reaches for beyond an ordinary answer, read from its text.

Reaching for the interpreter, or for what is not the student's, is the way to points without a right
answer. Nothing is refused because of it: the instructor is told which cell to look at. What the
lesson's own cells do is ordinary in that lesson, so it is not told.

Python's syntax is the only source. What a cell hides from it, as in `getattr(sys, "_get" + name)`,
is seen when it runs, by the audit hook and the snapshot of the sandbox.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from nbjudge.planning.names import local_names, names_of, names_read_by_functions
from nbjudge.planning.syntax import as_python, functions_and_classes, tree_of
from nbjudge.sandbox.wire import LYING, OfLesson

Aliases: TypeAlias = frozenset[tuple[str, str]]


class Reach(NamedTuple):
    """Something that a cell reaches for."""

    what: str  # as a sentence says it
    line: int


# Attributes and names that lead to frames, to the insides of functions, or to all objects: the
# types' pages in "Data model", docs.python.org/3/reference/datamodel.html.
INSIDES = frozenset(
    """
    _getframe _current_frames _current_exceptions settrace setprofile addaudithook
    tb_frame gi_frame cr_frame ag_frame gi_code cr_code ag_code
    f_back f_locals f_globals f_builtins f_code
    __globals__ __code__ __closure__ __kwdefaults__ __builtins__ __subclasses__ cell_contents
    walk_stack StackSummary currentframe getouterframes getinnerframes
    get_objects get_referrers get_referents
    register_at_fork ExtensionFileLoader
    user_ns user_global_ns ast_transformers input_transformers_cleanup input_transformers_post
    set_custom_exc get_local_scope
    __array_interface__ __array_struct__ ctypeslib
    __torch_function__ __torch_dispatch__ TorchFunctionMode TorchDispatchMode
    register_module_forward_hook register_module_forward_pre_hook register_module_backward_hook
    register_module_full_backward_hook register_module_full_backward_pre_hook
    register_module_buffer_registration_hook register_module_module_registration_hook
    register_module_parameter_registration_hook
    """.split()
)
# The same in modules where the name means something else elsewhere, such as torch.stack.
DOTTED = frozenset(
    {
        "inspect.stack",
        "inspect.trace",
        "sys.monitoring",
        "gc.callbacks",
        "torch.library",
        "torch.overrides",
        "torch._C",
        "numpy.lib.stride_tricks.as_strided",
        "numpy.lib.stride_tricks",
    }
)
# What a check takes for a right value, or for one that it need not look at. That a check itself
# uses it does not make it ordinary in an answer.
TAKEN_FOR_RIGHT = frozenset(
    {
        "unittest.mock.ANY",
        "unittest.mock.MagicMock",
        "unittest.mock.NonCallableMagicMock",
        "unittest.mock.AsyncMock",
        "pytest.approx",
        "unittest.SkipTest",
        "unittest.case",  # SkipTest and what else ends a test before it has failed
        "pytest.skip",
        "pytest.importorskip",
        "pytest.xfail",
    }
)
MODULES = frozenset(
    """
    ctypes _ctypes cffi _cffi_backend greenlet signal _signal nbjudge _posixsubprocess
    _xxsubinterpreters _interpreters interpreters _testcapi _testinternalcapi
    marshal _marshal __main__
    """.split()
)
# Parts of a text that only lead to the insides, wherever it is used: getattr, str.format, exec.
IN_TEXTS = re.compile(
    r"\b(?:_getframe|tb_frame|gi_frame|cr_frame|ag_frame|f_back|f_locals|f_globals"
    r"|__globals__|__code__|__closure__|__builtins__|__subclasses__)\b"
)
PROC = re.compile(r"/proc/(?!cpuinfo|meminfo|stat\b|loadavg|version|uptime)[\w-]+")
# What ordinary code assigns in modules: streams, the search path, options such as pandas has.
SETTINGS = frozenset({"stdout", "stderr", "stdin", "path", "options"})
FUNCTION_LIKE = (ast.Lambda, ast.Name, ast.Attribute)
# Methods that change a list, a dictionary or a set, docs.python.org/3/library/stdtypes.html.
CHANGING = frozenset(
    """
    append extend insert remove pop clear sort reverse update setdefault popitem add discard
    cache_clear
    """.split()
)
MOST_NAMED = 4  # things in one sentence
BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_"))


# ---- one cell ----------------------------------------------------------------------------------


@lru_cache(4096)  # most cells are the same in every notebook of a class
def reaches(
    source: str, known: Aliases = frozenset(), own: frozenset[str] = frozenset()
) -> tuple[Reach, ...]:
    """Return what a cell reaches for, each thing once, with the first line where it does.

    `known`: (name, what it stands for) of the imports in other cells of the notebook. `own`:
    top-level packages of the instructor's, whose data is not the student's to change.
    """
    tree = tree_of(as_python(source))
    local = local_names(source)
    aliases = {name: target for name, target in known if name not in local} | aliases_of(tree)
    parents = parents_of(tree)
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        for what in (*reached_by(node, aliases, parents), *changed_data(node, aliases, own)):
            what = what if "`" in what else f"`{what}`"
            line = getattr(node, "lineno", 1)
            found[what] = min(line, found.get(what, line))
    ordered = sorted(found.items(), key=lambda item: (item[1], item[0]))
    return tuple(Reach(what, line) for what, line in ordered)


def aliases_of(tree: ast.AST) -> dict[str, str]:
    """Return {name: the module, or the thing in a module, that an import binds it to}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """Return {node: the node that holds it}."""
    found = {}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            found[child] = node
    return found


def reached_by(
    node: ast.AST, aliases: dict[str, str], parents: dict[ast.AST, ast.AST]
) -> Iterator[str]:
    """Yield what one node reaches for."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from reached_by_import(node)
    elif isinstance(node, ast.Attribute):
        yield from reached_by_attribute(node, aliases, parents)
    elif isinstance(node, ast.Name):
        name = aliases.get(node.id, "")
        if node.id in INSIDES:
            yield node.id
        elif name in DOTTED or (name in TAKEN_FOR_RIGHT and not in_assert(node, parents)):
            yield name
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if not isinstance(parents.get(node), ast.Expr):  # a docstring
            yield from reached_by_text(node.value)
    elif isinstance(node, ast.Call):
        yield from reached_by_call(node, aliases, parents)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
        yield from reached_by_writing(node, aliases)
    elif isinstance(node, ast.ClassDef):
        yield from reached_by_class(node)


def reached_by_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield the modules of an import that lead to the interpreter."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = node.module or ""
        names = [f"{base}.{alias.name}" for alias in node.names] if not node.level else []
        yield from (alias.name for alias in node.names if alias.name in INSIDES)
    for name in names:
        yield from reached_module(name)


def reached_module(name: str) -> Iterator[str]:
    """Yield a dotted name if it is, or lies in, a module that leads to the interpreter."""
    top = name.partition(".")[0]
    if top in MODULES:
        yield top
    for dotted in DOTTED:
        if name == dotted or name.startswith(f"{dotted}."):
            yield dotted


def dotted_name(node: ast.AST, aliases: dict[str, str]) -> str:
    """Return `numpy.lib.x` for the expression `np.lib.x`, "" for what is no such chain.

    A first name that no import binds stands for itself.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    first = aliases.get(node.id, node.id)
    return ".".join([first, *reversed(parts)])


def reached_by_attribute(
    node: ast.Attribute, aliases: dict[str, str], parents: dict[ast.AST, ast.AST]
) -> Iterator[str]:
    """Yield what `value.attr` reaches for."""
    if node.attr in INSIDES:
        yield node.attr
        return
    name = dotted_name(node, aliases)
    if name in DOTTED or (name in TAKEN_FOR_RIGHT and not in_assert(node, parents)):
        yield name
    elif name == "sys.modules" and not is_asked_for(node, parents):
        yield name


def in_assert(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether a node is in an assertion: there a student tests their own answer."""
    above: ast.AST | None = node
    while above is not None and not isinstance(above, ast.Assert):
        above = parents.get(above)
    return above is not None


def is_asked_for(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether a node is the right side of `name in node`, which only asks."""
    parent = parents.get(node)
    if not isinstance(parent, ast.Compare) or node not in parent.comparators:
        return False
    return all(isinstance(operator, (ast.In, ast.NotIn)) for operator in parent.ops)


def reached_by_text(text: str) -> Iterator[str]:
    """Yield what a text leads to: its parts, or the name of a method as a whole."""
    if text in LYING:
        yield text
    yield from set(IN_TEXTS.findall(text))
    yield from set(PROC.findall(text))


def reached_by_call(
    node: ast.Call, aliases: dict[str, str], parents: dict[ast.AST, ast.AST]
) -> Iterator[str]:
    """Yield what a call reaches for: the notebook's names, a module by its name, an attribute."""
    name = dotted_name(node.func, aliases)
    if name == "globals" and not is_asked_for(node, parents):
        yield "globals()"
    first = node.args[0] if node.args else None
    if name in ("__import__", "importlib.import_module") and isinstance(first, ast.Constant):
        yield from reached_module(str(first.value))
    if name in ("setattr", "delattr") and first is not None:
        base = dotted_name(first, aliases)
        if is_imported(first, aliases):
            yield f"{name} on {base}"
    if isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        yield from written_namespace(node.func.value, aliases)


def is_imported(node: ast.AST, aliases: dict[str, str]) -> bool:
    """Return whether an expression begins with a name that the cell has imported, or is a module
    of Python's own that matters to all checks."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and (node.id in aliases or node.id in ("builtins", "sys"))


def written_namespace(node: ast.AST, aliases: dict[str, str]) -> Iterator[str]:
    """Yield a module whose names are written through `vars(module)` or `module.__dict__`."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        inner: ast.AST = node.value
    elif isinstance(node, ast.Call) and dotted_name(node.func, {}) == "vars" and node.args:
        inner = node.args[0]
    else:
        return
    if is_imported(inner, aliases):
        yield f"the names of {dotted_name(inner, aliases)}"


def reached_by_writing(
    node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete, aliases: dict[str, str]
) -> Iterator[str]:
    """Yield the functions and classes of imported modules that a statement replaces or deletes.

    Setting an option, such as `torch.backends.cudnn.deterministic = True`, is ordinary.
    """
    several = isinstance(node, (ast.Assign, ast.Delete))
    targets = node.targets if several else [node.target]  # type: ignore[union-attr]
    value = None if isinstance(node, ast.Delete) else node.value
    for target in targets:
        if isinstance(target, ast.Subscript):
            yield from written_namespace(target.value, aliases)
        if not isinstance(target, ast.Attribute) or not is_imported(target, aliases):
            continue
        name = dotted_name(target, aliases)
        if SETTINGS & set(name.split(".")):
            continue
        module_function = isinstance(value, ast.Attribute) and is_imported(value, aliases)
        if value is None or isinstance(value, (ast.Lambda, ast.Name)) or module_function:
            yield name


def changed_data(node: ast.AST, aliases: dict[str, str], own: frozenset[str]) -> Iterator[str]:
    """Yield the data of the instructor's packages that a node changes in place."""
    changed: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in CHANGING:
            changed = node.func.value
    elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        changed = node.value if isinstance(node, ast.Subscript) else node
    while isinstance(changed, ast.Subscript):
        changed = changed.value
    name = dotted_name(changed, aliases) if changed is not None else ""
    if "." in name and name.partition(".")[0] in own:
        yield name


def reached_by_class(node: ast.ClassDef) -> Iterator[str]:
    """Yield what decides how objects of a class are compared, or what their type seems to be."""
    for statement in node.body:
        for name, _ in bound_in(statement):
            if name in LYING:
                yield name


def bound_in(statement: ast.stmt) -> list[tuple[str, ast.AST]]:
    """Return (name, what it is bound to) of an assignment or a definition."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [(statement.name, statement)]
    if isinstance(statement, ast.Assign):
        names = [target for target in statement.targets if isinstance(target, ast.Name)]
        return [(target.id, statement.value) for target in names]
    return []


# ---- what the lesson does itself ---------------------------------------------------------------


def of_lesson(given: Sequence[str], checks: Sequence[str]) -> OfLesson:
    """Return what a lesson does itself; `given` are its given cells and its solutions."""
    known = imports_in([Cell("", source, "") for source in (*given, *checks)])
    mentions: set[str] = set()
    writes: set[str] = set()
    asks: set[str] = set()
    for source in given:
        mentions |= names_in(source) | lying_methods(source)
        writes |= written_attributes(source, known)
    for source in checks:
        asks |= names_in(source) | lying_methods(source)
        writes |= written_attributes(source, known)
    return OfLesson(tuple(sorted(mentions)), tuple(sorted(writes)), tuple(sorted(asks)))


@lru_cache(4096)
def names_in(source: str) -> frozenset[str]:
    """Return all names and attributes in a cell."""
    found = set()
    for node in ast.walk(tree_of(as_python(source))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name.rpartition(".")[2])
    return frozenset(found)


def lying_methods(source: str) -> set[str]:
    """Return the methods in a cell that decide how objects are compared."""
    return {reach.what.strip("`") for reach in reaches(source)} & LYING


@lru_cache(4096)
def written_attributes(source: str, known: Aliases) -> frozenset[str]:
    """Return the attributes that a cell assigns or deletes, "*" where it may be any of a module's.

    `known`: the imports of all cells.
    """
    aliases = dict(known)
    found = set()
    for node in ast.walk(tree_of(as_python(source))):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(node.attr)
        if names_patch(node) or writes_in_module(node, aliases):
            found.add("*")
    return frozenset(found)


def names_patch(node: ast.AST) -> bool:
    """Return whether a node is the `patch` of unittest.mock or pytest's `monkeypatch`."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in ("patch", "monkeypatch")


def writes_in_module(node: ast.AST, aliases: dict[str, str]) -> bool:
    """Return whether a node calls `setattr` or the like on what has been imported."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = dotted_name(node.func, {})
    return name in ("setattr", "delattr", "vars") and is_imported(node.args[0], aliases)


# ---- names that the checks rely on ---------------------------------------------------------------


@lru_cache(4096)
def bindings(source: str) -> dict[str, tuple[int, str]]:
    """Return {name: (line, how)} of the names that a cell binds in the notebook.

    `how` is "function" for what is or may be one, as a name that a function declares global, the
    dotted name for an import, and "data" for anything else. The name "*" is there where nobody can
    tell all names.
    """
    found: dict[str, tuple[int, str]] = {}
    text = as_python(source)
    if source.strip() and not text:
        return {"*": (1, "data")}
    tree = tree_of(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found |= dict.fromkeys(node.names, (node.lineno, "function"))
    for node in outside_functions(tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = line, "function"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for name, target in aliases_of(node).items():
                found[name] = line, target
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, (line, "data"))
        if isinstance(node, ast.Assign) and isinstance(node.value, FUNCTION_LIKE):
            for name, _ in bound_in(node):
                found[name] = line, "function"
    return found


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run with the cell itself; of a function or a class only its head."""
    for child in ast.iter_child_nodes(node):
        yield child
        scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
        if not isinstance(child, scopes):
            yield from outside_functions(child)


# ---- a submission ------------------------------------------------------------------------------


class Cell(NamedTuple):
    """A code cell, of a lesson's source or of a rebuilt submission."""

    name: str
    source: str
    kind: str  # "given", "answer", "added" or "check"


RIGHT = frozenset(f"`{name}`" for name in TAKEN_FOR_RIGHT)


class Lesson(NamedTuple):
    """What is ordinary in a lesson, and which names its checks rely on."""

    reaches: frozenset[str]  # what its own cells reach for
    given: dict[str, str]  # {name of a function, class or module that a given cell binds: how}
    answered: frozenset[str]  # names that its solutions bind, so the student is to bind them
    relied_on: frozenset[str]  # names that its checks read
    own: frozenset[str]  # top-level packages of the instructor's
    defined: frozenset[str]  # functions and classes that its given cells define
    writes: frozenset[str]  # attributes that its own cells assign
    expected: frozenset[str]  # names that its checks set and compare with what answers return


def lesson_of(cells: Sequence[Cell], own: frozenset[str] = frozenset()) -> Lesson:
    """Return what is ordinary in a lesson; `cells` are its own, with its solutions and tests.

    `own`: top-level packages of the instructor's.
    """
    known = imports_in(cells)
    ordinary: set[str] = set()
    given: dict[str, str] = {}
    answered: set[str] = set()
    relied_on: set[str] = set()
    writes: set[str] = set()
    defined: set[str] = set()
    named: set[str] = set()
    for cell in cells:
        reached = {reach.what for reach in reaches(cell.source, known, own)}
        ordinary |= reached - RIGHT if cell.kind == "check" else reached
        writes |= written_attributes(cell.source, known)
        bound = bindings(cell.source)
        if cell.kind == "answer":
            answered |= set(bound)
        elif cell.kind == "check":
            relied_on |= names_of(cell.source).uses
        else:
            given |= {name: how for name, (_, how) in bound.items() if how != "data"}
            defined |= functions_and_classes(tree_of(as_python(cell.source)))
        if cell.kind != "check":
            named |= names_in(cell.source) | set(bound)
    expected: set[str] = set()
    for cell in cells:
        if cell.kind == "check":
            expected |= compared(cell.source, answered) - named
    return Lesson(
        reaches=frozenset(ordinary),
        given=given,
        answered=frozenset(answered),
        relied_on=frozenset(relied_on),
        own=own,
        defined=frozenset(defined),
        writes=frozenset(writes),
        expected=frozenset(expected),
    )


def compared(check: str, answered: AbstractSet[str]) -> set[str]:
    """Return the names that a check sets and asserts something of, such as `expected`.

    Left out are names that it passes to a function of the answers or gets from one, and names of
    one or two letters, which a student's functions may read with another meaning.
    """
    tree = tree_of(as_python(check))
    theirs: set[str] = set()
    asserted: set[str] = set()
    for node in ast.walk(tree):
        named = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        if isinstance(node, ast.Assert):
            asserted |= named
        elif isinstance(node, ast.Assign) and calls_any(node.value, answered):
            theirs |= named
        elif isinstance(node, ast.Call) and called(node) in answered:
            theirs |= named
        elif isinstance(node, ast.Call) and "assert" in called(node).lower():
            asserted |= named
    found = set(bindings(check)) & asserted - theirs - aliases_of(tree).keys()
    return {name for name in found if len(name) > 2}


def called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return dotted_name(call.func, {}).rpartition(".")[2]


def calls_any(node: ast.AST, names: AbstractSet[str]) -> bool:
    """Return whether an expression calls one of these functions."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    return any(called(call) in names for call in calls)


def imports_in(cells: Iterable[Cell]) -> Aliases:
    """Return (name, what it stands for) of all imports in these cells."""
    found: set[tuple[str, str]] = set()
    for cell in cells:
        found |= aliases_in(cell.source)
    return frozenset(found)


@lru_cache(4096)
def aliases_in(source: str) -> Aliases:
    """Return what `imports_in` does, of one cell."""
    return frozenset(aliases_of(tree_of(as_python(source))).items())


def told(cells: Sequence[Cell], lesson: Lesson) -> list[str]:
    """Return a sentence for each cell of the student's that reaches for more than an answer."""
    known = imports_in(cells)
    sentences = []
    for cell in cells:
        if cell.kind not in ("answer", "added"):
            continue
        all_reaches = reaches(cell.source, known, lesson.own)
        found = [reach for reach in all_reaches if reach.what not in lesson.reaches]
        found += replaced_names(cell.source, lesson)
        found += changed_classes(cell.source, lesson)
        found += read_from_checks(cell.source, lesson)
        if found:
            sentences.append(sentence_on(cell.name, found))
    return sentences


def replaced_names(source: str, lesson: Lesson) -> list[Reach]:
    """Return the names that checks rely on and a cell binds, though the lesson does not ask it to.

    Those are functions, classes and modules of given cells, and functions of Python's own.
    """
    found = []
    for name, (line, how) in bindings(source).items():
        if name not in lesson.relied_on or name in lesson.answered:
            continue
        if name in lesson.given:
            if how != lesson.given[name] or how == "function":
                found.append(Reach(f"another `{name}` than the lesson's", line))
        elif name in BUILTINS and how != "data":
            found.append(Reach(f"another `{name}` than Python's", line))
    return found


def changed_classes(source: str, lesson: Lesson) -> list[Reach]:
    """Return the attributes of given classes and functions that a cell assigns, though no cell of
    the lesson does."""
    found = []
    for node in ast.walk(tree_of(as_python(source))):
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
            continue
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if name in lesson.defined and node.attr not in lesson.writes:
            if name not in local_names(source):
                found.append(Reach(f"another `{name}.{node.attr}` than the lesson's", node.lineno))
    return found


def read_from_checks(source: str, lesson: Lesson) -> list[Reach]:
    """Return the names that functions of a cell read and that a check sets, such as `expected`."""
    lines: dict[str, int] = {}
    wanted = names_read_by_functions(source) & lesson.expected
    for node in ast.walk(tree_of(as_python(source))) if wanted else ():
        if isinstance(node, ast.Name) and node.id in wanted:
            lines.setdefault(node.id, node.lineno)
    return [Reach(f"`{name}`, which a check sets", line) for name, line in sorted(lines.items())]


def sentence_on(name: str, found: Sequence[Reach]) -> str:
    """Return the sentence for the instructor on one cell."""
    things = [f"{reach.what} (line {reach.line})" for reach in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        things.append(f"{len(found) - MOST_NAMED} more")
    return f"in the cell `{name}` it reached for {', '.join(things)}: look at it"


def bound_openly(lesson: Lesson, cells: Iterable[Cell]) -> frozenset[str]:
    """Return the names that a student's cells bind openly: each is told already, or is ordinary."""
    found: set[str] = set()
    for cell in cells:
        if cell.kind in ("answer", "added"):
            for name, (_, how) in bindings(cell.source).items():
                if how != lesson.given.get(name) or how == "function":
                    found.add(name)
    return frozenset(found)


def watched_names(
    uses: Collection[str], lesson: Lesson, openly: AbstractSet[str]
) -> tuple[str, ...]:
    """Return the names of a check that the sandbox watches, because no text tells of them.

    They are names that a check takes from given cells or from Python, but for those that are
    `bound_openly`.
    """
    if "*" in openly:
        return ()
    relied_on = {name for name in uses if name in lesson.given or name in BUILTINS}
    return tuple(sorted(relied_on - openly - lesson.answered))
