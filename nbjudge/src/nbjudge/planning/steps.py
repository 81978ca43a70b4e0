"""The steps of a notebook: which cells run, what each one is, and which checks can run alone."""

import ast
import builtins
import symtable
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.job import Step
from nbjudge.planning.syntax import NOT_PYTHON, as_python, functions_and_classes, tree_of

BUILTINS = {name for name in vars(builtins) if not name.startswith("_")}


class CellNames(NamedTuple):
    """The notebook's names that a cell sets and that it uses."""

    sets: frozenset[str] | None  # None: the cell is not Python, so nobody can tell
    uses: frozenset[str]


class CodeCell(NamedTuple):
    """A code cell that runs."""

    place: int  # its index in the notebook
    name: str  # its grade_id, else its id
    source: str
    kind: str  # given, answer, added or check
    sets: frozenset[str] | None  # the notebook's names, as in CellNames
    uses: frozenset[str]


def steps_of(
    notebook: NotebookNode,
    source: NotebookNode,
    skip: list[str],
) -> list[tuple[int, Step]]:
    """Return [(index of the cell, Step)] of a rebuilt notebook.

    `source` is the instructor's notebook: cells that it does not hold were added by the student.
    Empty cells and cells with one of the tags `skip` do not run.
    """
    cells = code_cells(notebook, source, skip)
    bound_by_instructor: set[str] = set()
    for cell in cells:
        if cell.kind in ("given", "check"):
            bound_by_instructor |= cell.sets or set()
    shared = SharedNames(cells)
    steps = []
    used_later: set[str] = set()
    for cell in reversed(cells):
        step = Step(cell.name, cell.source, cell.kind, uses=tuple(sorted(cell.uses)))
        if cell.kind == "check":
            trusted = (cell.uses & BUILTINS) - bound_by_instructor
            alone = runs_alone(cell, used_later, shared)
            step = step._replace(alone=alone, means=tuple(sorted(trusted)))
        steps.append((cell.place, step))
        used_later |= cell.uses
    return steps[::-1]


def code_cells(
    notebook: NotebookNode,
    source: NotebookNode,
    skip: list[str],
) -> list[CodeCell]:
    """Return the notebook's code cells that run."""
    given = {cell["id"] for cell in source.cells}
    found = []
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        tags = cell.metadata.get("tags", [])
        if not set(skip).isdisjoint(tags):
            continue
        nbgrader = cell.metadata.get("nbgrader", {})
        name = nbgrader.get("grade_id") or cell["id"]
        kind = kind_of(cell, given)
        names = names_of(cell.source)
        found.append(CodeCell(place, name, cell.source, kind, *names))
    return found


def kind_of(
    cell: NotebookNode,
    given: set[str],
) -> str:
    """Return what a cell is: an answer, a check, given code, or a cell that the student added."""
    if is_solution(cell):
        return "answer"
    if is_grade(cell):
        return "check"
    return "given" if cell["id"] in given else "added"


def runs_alone(
    check: CodeCell,
    used_later: set[str],
    shared: "SharedNames",
) -> bool:
    """Return whether a check can run in a fork, because no other cell notices that it has run."""
    if check.sets is None or check.sets & used_later:
        return False
    return not shared.has_data_of(check)


class SharedNames:
    """How many cells of a notebook bind a name to data, and how many checks use it.

    Names that cells bind to functions, classes and modules do not count: checks only call those.
    Counting keeps the time linear in the number of cells, of which a student can add thousands.
    """

    def __init__(self, cells: list[CodeCell]) -> None:
        self.binding: Counter[str] = Counter()
        self.checks: Counter[str] = Counter()
        for cell in cells:
            self.binding.update(data_of(cell))
            if cell.kind == "check":
                self.checks.update(cell.uses)

    def has_data_of(self, check: CodeCell) -> bool:
        """Return whether the check uses an object that another check uses, too, and may change."""
        own = data_of(check)
        for name in check.uses:
            others = self.binding[name] - (name in own)
            if others and self.checks[name] > 1:
                return True
        return False


def data_of(cell: CodeCell) -> frozenset[str]:
    """Return the names that a cell binds to something else than functions, classes and modules."""
    return cell.sets - definitions(cell.source) if cell.sets else frozenset()


@lru_cache(4096)  # most cells are the same in every notebook of a class
def names_of(source: str) -> CellNames:
    """Return the names that a cell sets and uses in the notebook, inside its functions too."""
    unknown = CellNames(None, frozenset())
    python = as_python(source)
    if source.strip() and not python:
        return unknown
    try:
        table = symtable.symtable(python, "cell", "exec")
    except NOT_PYTHON:
        return unknown
    sets: set[str] = set()
    uses: set[str] = set()
    scopes = [table]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
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
