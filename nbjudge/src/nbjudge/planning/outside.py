"""Which checks are judged outside the student's process, and which values they need of it."""

import re

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from nbjudge.job import Step
from nbjudge.planning.names import names_of
from nbjudge.planning.reaching import BUILTINS

TAG = "judge-outside"  # of a check cell
WORD = re.compile(r"[^\W\d]\w*")


def with_asks(
    steps: list[tuple[int, Step]], notebook: NotebookNode, source: NotebookNode
) -> list[tuple[int, Step]]:
    """Return the steps of a notebook, [(index of the cell, Step)], with `asks` of tagged checks.

    A check asks for each name that it reads and no cell of the instructor's before it defines. If
    the instructor's own solution, in `source`, defines a name, the check asks for that, too: a
    given cell may have set it to a placeholder. Python's builtins are asked for only then.

    Such a check runs alone unless later cells use what it sets. It may read what another check
    reads, because it has a copy of that.
    """
    answers = set_by_answers(source)
    defined: set[str] = set()
    found = []
    for number, (place, step) in enumerate(steps):
        if step.kind == "check" and TAG in notebook.cells[place].metadata.get("tags", []):
            asks = names_read(step) - ((defined | BUILTINS) - answers)
            later = [after for _, after in steps[number + 1 :]]
            step = step._replace(asks=tuple(sorted(asks)), alone=not sets_for(step, later))
        if step.kind in ("given", "check"):
            defined |= names_of(step.source).sets or frozenset()
        found.append((place, step))
    return found


def names_read(check: Step) -> set[str]:
    """Return the names that a check reads, and every word of it where a magic may read more."""
    names = set(check.uses)
    if "get_ipython" in names:  # `%time assert x == 1` gives the magic a text
        names |= set(WORD.findall(check.source))
    return names


def sets_for(check: Step, later: list[Step]) -> bool:
    """Return whether later cells use a name that a check sets, or may do so."""
    sets = names_of(check.source).sets
    return sets is None or any(not sets.isdisjoint(step.uses) for step in later)


def set_by_answers(source: NotebookNode) -> set[str]:
    """Return the names that the instructor's own answers set."""
    found: set[str] = set()
    for cell in source.cells:
        if cell.cell_type == "code" and is_solution(cell):
            found |= names_of(cell.source).sets or frozenset()
    return found
