"""Two releases of an assignment compared: which cell is which, and what has changed.

Pure functions on notebooks in format 4, as `parse_notebook` returns them or nbgrader writes them.
"""

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from nbjudge.coursedir.rebuild import is_nbgraders

ALIKE = 0.5  # a changed cell is the same cell if difflib finds its texts at least so similar


def name_of(cell: NotebookNode) -> str:
    """Return the name that nbgrader knows a cell by."""
    return str(cell.metadata.nbgrader.grade_id)


def same_cells(old: NotebookNode, new: NotebookNode) -> dict[int, int]:
    """Return {index in the old release: index of the same cell in the new one}.

    nbgrader's cells are the same if they have the same grade_id. Other cells are the same if their
    texts are, or if they stand in the same place and are alike: an id may only number the cells.
    """
    found = {}
    by_name = {name_of(cell): place for place, cell in enumerate(new.cells) if is_nbgraders(cell)}
    for place, cell in enumerate(old.cells):
        if is_nbgraders(cell) and name_of(cell) in by_name:
            found[place] = by_name[name_of(cell)]
    before, after = map(key_of, old.cells), map(key_of, new.cells)
    matcher = difflib.SequenceMatcher(None, list(before), list(after), autojunk=False)
    for kind, from_, to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            for place, target in zip(range(from_, to), range(new_from, new_to), strict=True):
                found.setdefault(place, target)
        elif kind == "replace":
            pair_up(old.cells, range(from_, to), new.cells, list(range(new_from, new_to)), found)
    return found


def key_of(cell: NotebookNode) -> tuple[str, str]:
    """Return what two cells have in common if they are the same cell of two releases."""
    if is_nbgraders(cell):
        return "nbgrader", name_of(cell)
    return cell.cell_type, cell.source.strip()


def pair_up(
    old: Sequence[NotebookNode],
    places: range,
    new: Sequence[NotebookNode],
    free: list[int],
    found: dict[int, int],
) -> None:
    """Add to `found` the changed cells that are alike, in their order."""
    for place in places:
        if is_nbgraders(old[place]):
            continue
        for target in free:
            cell = new[target]
            if not is_nbgraders(cell) and alike(old[place], cell.cell_type, cell.source):
                found[place] = target
                free[:] = [each for each in free if each > target]
                break


def alike(cell: NotebookNode, kind: str, text: str) -> bool:
    """Return whether a text of a kind ("code", "markdown", "raw") may be a cell's, edited."""
    if cell.cell_type != kind:
        return False
    matcher = difflib.SequenceMatcher(None, cell.source, text, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


# ---- what changed ------------------------------------------------------------------------------


class Exercise(NamedTuple):
    """What a release says of an exercise; each field is compared with that of another release."""

    statement: str  # the Markdown above the answer
    starter: str
    checks: tuple[str, ...]
    points: float


WORDS = {
    "statement": "its statement",
    "starter": "the code given in its cell",
    "checks": "its check",
}


def exercises_of(release: NotebookNode) -> dict[str, Exercise]:
    """Return {name of the answer cell: its exercise}, in their order."""
    found: dict[str, Exercise] = {}
    last = ""
    for place, cell in enumerate(release.cells):
        if is_solution(cell):
            last = name_of(cell)
            statement = [release.cells[above].source for above in statement_of(release, place)]
            points = points_of(cell) if is_grade(cell) else 0
            found[last] = Exercise("\n".join(statement), cell.source, (), points)
        elif is_grade(cell) and last:
            before = found[last]
            checks = (*before.checks, cell.source)
            found[last] = before._replace(checks=checks, points=before.points + points_of(cell))
    return found


def statement_of(release: NotebookNode, answer: int) -> list[int]:
    """Return the indices of the Markdown cells directly above the answer cell at an index."""
    first = answer
    while first and release.cells[first - 1].cell_type == "markdown":
        if is_nbgraders(release.cells[first - 1]):
            break
        first -= 1
    return list(range(first, answer))


def points_of(cell: NotebookNode) -> float:
    """Return the points of a cell that is graded."""
    return float(cell.metadata.nbgrader.get("points") or 0)


def differences(old: NotebookNode, new: NotebookNode) -> list[str]:
    """Return a sentence for each exercise that is new, changed or gone, and one on other cells."""
    before, after = exercises_of(old), exercises_of(new)
    found = []
    for name, exercise in after.items():
        if name not in before:
            found.append(f"{name}: a new exercise ({exercise.points:g} points)")
        elif before[name] != exercise:
            found.append(f"{name}: {what_changed(before[name], exercise)}")
    for name in before:
        if name not in after:
            found.append(f"{name}: the new edition does not have this exercise")
    if others := other_changes(old, new):
        found.append(f"other cells: {others}")
    return found


def what_changed(before: Exercise, after: Exercise) -> str:
    """Return which parts of an exercise have changed, as part of a sentence."""
    parts = [
        words for field, words in WORDS.items() if getattr(before, field) != getattr(after, field)
    ]
    if before.points != after.points:
        parts.append(f"its points ({before.points:g}, now {after.points:g})")
    return f"changed: {', '.join(parts)}"


def other_changes(old: NotebookNode, new: NotebookNode) -> str:
    """Return how many cells beside the exercises have changed, "" for none."""
    places = same_cells(old, new)
    before, after = others_of(old), others_of(new)
    changed = 0
    for place in before & places.keys():
        changed += old.cells[place].source.strip() != new.cells[places[place]].source.strip()
    fresh = len(after - set(places.values()))
    removed = len(before - places.keys())
    counts = {"changed": changed, "new": fresh, "removed": removed}
    return ", ".join(f"{number} {what}" for what, number in counts.items() if number)


def others_of(release: NotebookNode) -> set[int]:
    """Return the indices of the cells that are no part of an exercise."""
    found = {place for place, cell in enumerate(release.cells) if not is_nbgraders(cell)}
    for place, cell in enumerate(release.cells):
        if is_solution(cell):
            found -= set(statement_of(release, place))
    return found


def cells_of(release: NotebookNode, exercise: str) -> list[int]:
    """Return the indices of an exercise's answer cell and of its checks, [] where there is none."""
    found: list[int] = []
    for place, cell in enumerate(release.cells):
        if is_solution(cell):
            if found:
                break
            if name_of(cell) == exercise:
                found.append(place)
        elif found and is_grade(cell):
            found.append(place)
    return found
