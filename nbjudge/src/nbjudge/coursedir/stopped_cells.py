"""Where an executed notebook failed: the cells that stopped before a check, and lines of code.

An answer cell that stops leaves its names unset, so the check that follows fails with a NameError,
which says nothing of the cause. The functions here look at the notebook as a whole.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.coursedir.hidden_tests import ANSI, lines_of
from nbjudge.coursedir.rebuild import is_students
from nbjudge.planning.steps import names_of
from nbjudge.planning.syntax import as_python, tree_of

MISSING = re.compile(r"name '(\w+)' is not defined")
FILE_AND_LINE = re.compile(r"\([^()]*\bline (\d+)\)$")  # at the end of SyntaxError's message

# The first lines of a traceback's frames: of a check in a sandbox, of any code in a sandbox's
# check, of a cell as IPython shows it.
CHECK_FRAME = re.compile(r"<check [^>]*>, line (\d+), in ")
CODE_FRAME = re.compile(
    r"\S*(?:<ipython-input-|ipykernel_)\S*, line (\d+), in (\S+)(?:\n\s*(\S.*))?"
)
CELL_FRAME = re.compile(r"Cell In\s?\[(\d+)\], line (\d+)(?:, in (\w+))?")
FIRST_LINES = 1000  # characters of a traceback's frame that are looked at


class Stopped(NamedTuple):
    """A cell before a check that did not run to its end."""

    cell: NotebookNode
    error: NotebookNode
    because: "Stopped | None"  # the earlier cell that is the cause, None where this one is


class Before(NamedTuple):
    """What stands in the notebook before a check that failed."""

    stopped: tuple[Stopped, ...]
    answer: NotebookNode | None  # the answer cell nearest to the check
    students: frozenset[str]  # lines of the student's cells, of the whole notebook
    cells: Mapping[int, NotebookNode]  # {execution count: cell}, of the whole notebook


class Frame(NamedTuple):
    """Where in the notebook an exception was raised."""

    in_check: bool
    line: int
    function: str  # "" at the top of a cell
    text: str  # of the line, "" where the traceback does not say it


def name_of(cell: NotebookNode) -> str:
    """Return a cell's grade_id if it has one, else its id."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "")


def errors_of(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a cell that are errors."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def is_check(cell: NotebookNode) -> bool:
    """Return whether a cell is an automatic check."""
    return is_grade(cell) and not is_solution(cell)


def failed_checks(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, Before]]:
    """Yield each check that ended in an error, with what stands before it."""
    students: set[str] = set()
    cells = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cells[cell.get("execution_count") or 0] = cell
        if is_students(cell):
            students |= lines_of(cell.source)
    before = Before((), None, frozenset(students), cells)
    for cell in notebook.cells:
        errors = errors_of(cell)
        if is_solution(cell):
            before = before._replace(answer=cell)
        if errors and is_check(cell):
            yield cell, before
        elif errors:
            cause = cause_of(errors[-1], before._replace(answer=None))
            stop = Stopped(cell, errors[-1], cause)
            before = before._replace(stopped=(*before.stopped, stop))


def missing_name(error: NotebookNode) -> str:
    """Return the name that is not defined, "" where the error is another."""
    found = MISSING.search(error.evalue) if error.ename == "NameError" else None
    return found[1] if found else ""


def cause_of(error: NotebookNode, before: Before) -> Stopped | None:
    """Return the cell that stopped, so that the name which an error misses is not defined.

    That is the last one that would have set it, else the last that holds it and is no Python, else
    the answer cell before the check. Where there was no process any more, it is the cell that had
    ended it.
    """
    name = missing_name(error)
    if error.ename == "DeadKernelError" and "before" in error.evalue:
        dead = [stop for stop in before.stopped if stop.error.ename == "DeadKernelError"]
        return dead[0] if dead else None
    if not name:
        return None
    for holds in (sets, mentions):
        for stop in reversed(before.stopped):
            if holds(stop.cell.source, name):
                return stop
    own = [stop for stop in before.stopped if stop.cell is before.answer]
    return own[0] if own else None


def stop_of_used(check: NotebookNode, before: Before) -> Stopped | None:
    """Return the last cell that stopped before it had set a name which a check uses."""
    uses = names_of(check.source).uses
    for stop in reversed(before.stopped):
        if not unset_names(stop).isdisjoint(uses):
            return stop
    return None


def unset_names(stop: Stopped) -> frozenset[str]:
    """Return the names that a cell sets at its top level, from the statement on that stopped it."""
    line = line_of(stop.error) or 0
    for statement in tree_of(as_python(stop.cell.source)).body:
        if line <= (statement.end_lineno or 0):
            lines = stop.cell.source.split("\n")
            return names_of("\n".join(lines[statement.lineno - 1 :])).sets or frozenset()
    return frozenset()


def sets(source: str, name: str) -> bool:
    """Return whether a cell binds a name; the cell need not be Python."""
    names = names_of(source).sets
    if names is not None:
        return name in names
    binding = rf"^\s*(?:(?:async\s+)?(?:def|class)\s+{name}\b|{name}\s*(?:[:,=]|[-+*/|&]=))"
    return bool(re.search(f"(?m){binding}|\\bimport\\b.*\\b{name}\\b", source))


def mentions(source: str, name: str) -> bool:
    """Return whether a cell that is no Python holds a name as a word."""
    return names_of(source).sets is None and bool(re.search(rf"\b{name}\b", source))


def place_of(check: NotebookNode, error: NotebookNode, before: Before) -> Frame | None:
    """Return the innermost frame of a check's traceback that is the check's or the student's."""
    for item in reversed(error.traceback):
        text = ANSI.sub("", item[:FIRST_LINES])
        if found := CHECK_FRAME.match(text):
            return Frame(True, int(found[1]), "", "")
        if found := CODE_FRAME.match(text):
            function = "" if found[2] == "<module>" else found[2]
            frame = Frame(False, int(found[1]), function, (found[3] or "").strip())
            if frame.text in before.students or not frame.text:
                return frame
        if found := CELL_FRAME.match(text):
            cell = before.cells.get(int(found[1]))
            if cell is check or (cell and is_students(cell)):
                return Frame(cell is check, int(found[2]), found[3] or "", "")
    return None


def line_of(error: NotebookNode) -> int | None:
    """Return the line of its cell in which a cell stopped, None where the error does not say it."""
    if found := FILE_AND_LINE.search(error.evalue):
        return int(found[1])
    for item in error.traceback:  # the outermost frame is the cell's own
        if found := CELL_FRAME.search(ANSI.sub("", item[:FIRST_LINES])):
            return int(found[2])
    return None


def statement_at(source: str, number: int) -> str:
    """Return the innermost statement of a cell at this line, or that line itself."""
    lines = source.split("\n")
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    innermost: ast.stmt | None = None
    for node in ast.walk(tree_of(as_python(source))):
        if isinstance(node, ast.stmt) and node.lineno <= number <= (node.end_lineno or 0):
            if innermost is None or node.lineno >= innermost.lineno:
                innermost = node
    if innermost is None or innermost.end_lineno is None or innermost.end_lineno > len(lines):
        return line
    if isinstance(innermost, ast.Assert):
        return "\n".join(lines[innermost.lineno - 1 : innermost.end_lineno])
    return line
