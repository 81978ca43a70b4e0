"""The steps of a notebook: which cells run, what each one is, and which checks can run alone."""

import copy
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.job import Step
from nbjudge.planning import reaching
from nbjudge.planning.names import definitions, names_of


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
    lesson = lesson_of(source)
    openly = reaching.bound_openly(lesson, as_texts(cells))  # once: a notebook may be long
    shared = SharedNames(cells)
    steps = []
    used_later: set[str] = set()
    for cell in reversed(cells):
        step = Step(cell.name, cell.source, cell.kind, uses=tuple(sorted(cell.uses)))
        if cell.kind == "check":
            watched = reaching.watched_names(cell.uses, lesson, openly)
            step = step._replace(alone=runs_alone(cell, used_later, shared), watched=watched)
        steps.append((cell.place, step))
        used_later |= cell.uses
    return steps[::-1]


def told(
    notebook: NotebookNode, source: NotebookNode, skip: list[str], own: Iterable[str]
) -> list[str]:
    """Return a sentence for each cell of a student's that reaches for more than an answer.

    `own`: top-level packages of the instructor's.
    """
    cells = code_cells(notebook, source, skip)
    return reaching.told(as_texts(cells), lesson_of(source, own))


def lesson_of(source: NotebookNode, own: Iterable[str] = ()) -> reaching.Lesson:
    """Return what is ordinary in the lesson of a source notebook."""
    return known_lesson(as_texts(code_cells(source, source, [])), frozenset(own))


@lru_cache(64)
def known_lesson(cells: tuple[reaching.Cell, ...], own: frozenset[str]) -> reaching.Lesson:
    """Return what `reaching.lesson_of` does, computed once for all submissions."""
    return reaching.lesson_of(cells, own)


def as_texts(cells: list["CodeCell"]) -> tuple[reaching.Cell, ...]:
    """Return the cells with their texts alone."""
    return tuple(reaching.Cell(cell.name, cell.source, cell.kind) for cell in cells)


def with_solutions(graded: NotebookNode, source: NotebookNode) -> NotebookNode:
    """Return a graded notebook with the instructor's solutions in its answer cells.

    The graded one holds stubs there, and so does not say what the solutions set and use.
    """
    solutions = {}
    for cell in source.cells:
        if is_solution(cell):
            solutions[cell.metadata.nbgrader.grade_id] = cell.source
    solved = copy.deepcopy(graded)
    for cell in solved.cells:
        if is_solution(cell):
            cell.source = solutions.get(cell.metadata.nbgrader.grade_id, cell.source)
    return solved


def of_lesson(sources: Iterable[NotebookNode]) -> reaching.OfLesson:
    """Return what the cells of an assignment's source notebooks do themselves."""
    given: list[str] = []
    checks: list[str] = []
    for source in sources:
        for cell in code_cells(source, source, []):
            (checks if cell.kind == "check" else given).append(cell.source)
    return reaching.of_lesson(given, checks)


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
