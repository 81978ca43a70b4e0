"""A learner's notebook moved to a new release, with their answers in it; one exercise reset.

Pure functions on notebooks; nothing here reads or writes a file. Cells, metadata, points and order
come from the new release, answers and added cells from the learner. Nothing that a learner has
written is dropped: what has no place in the new release stays as a cell of their own.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.utils import is_solution

from nbjudge.coursedir.rebuild import Piece, is_nbgraders, put_answer, read_pieces, settle
from nbjudge.coursedir.releases import (
    alike,
    cells_of,
    differences,
    exercises_of,
    name_of,
    same_cells,
)
from nbjudge.errors import CourseError

YOURS = "Your version of a given cell, from before the update:"


class Updated(NamedTuple):
    """A notebook of the new release with a learner's work in it."""

    notebook: NotebookNode
    answers: int  # that were put in
    own: int  # cells of the learner's own
    changes: list[str]  # one sentence each


class Reset(NamedTuple):
    """A notebook with one exercise as it was given out."""

    notebook: NotebookNode
    changed: bool  # False: the exercise was as it was given out
    before: str  # the answer that was there, "" where there was none
    suffix: str  # of a file for that answer: ".py", or ".md" for a written one


# ---- a new release -----------------------------------------------------------------------------


def update(new: NotebookNode, theirs: NotebookNode, old: NotebookNode | None = None) -> Updated:
    """Put a learner's work into a new release.

    `old`: the release that the learner began with. Without it, nobody can tell a given cell that
    the learner has edited from one that the new release has changed: the new one is taken. All
    notebooks are in format 4 and have passed `parse_notebook`, `theirs` with its outputs. Raises
    CourseError where `theirs` holds no exercise of the assignment.
    """
    base = old or new
    work = copy.deepcopy(theirs)
    for cell in work.cells:
        cell.metadata["tags"] = []  # a learner's copy of an experiment is to be kept, too
    pieces = read_pieces(base, work, outputs=True)
    if not any(
        piece.place is not None and is_nbgraders(base.cells[piece.place]) for piece in pieces
    ):
        raise CourseError("it holds none of the exercises, so it may be another notebook")
    if old:
        pieces = with_edited(pieces, old)
    merge = Merge(new, base, knows_old=old is not None)
    for place, cell in enumerate(base.cells):
        if is_solution(cell):
            pieces = merge.one_answer(pieces, place, cell)
    for piece in pieces:
        merge.put(piece)
    changes = merge.changes
    if old:
        changes = [*differences(old, new), *changes]
    return Updated(merge.notebook(), merge.answers, merge.own, changes)


def with_edited(pieces: list[Piece], old: NotebookNode) -> list[Piece]:
    """Return the pieces with edited given cells at their places, where no id says so.

    Notebooks before format 4.5 have no ids. Such a piece is alike to a given cell that is missing
    between its neighbours.
    """
    there = {piece.place for piece in pieces}
    missing = []
    for place, cell in enumerate(old.cells):
        if place not in there and not is_nbgraders(cell):
            missing.append(place)
    found = []
    before = -1
    for k, piece in enumerate(pieces):
        if piece.place is None and missing:
            after = next((each.place for each in pieces[k:] if each.place is not None), None)
            for place in missing:
                between = before < place and (after is None or place < after)
                if between and alike(old.cells[place], piece.kind, piece.text):
                    piece = piece._replace(place=place)
                    missing.remove(place)
                    break
        before = before if piece.place is None else piece.place
        found.append(piece)
    return found


class Merge:
    """A new release that takes up a learner's cells one after the other, in their order."""

    def __init__(self, new: NotebookNode, base: NotebookNode, knows_old: bool) -> None:
        self.new = copy.deepcopy(new)
        for cell in self.new.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        self.base = base
        self.knows_old = knows_old
        self.places = same_cells(base, new)
        self.added: dict[int, list[NotebookNode]] = defaultdict(list)  # behind which new cell
        self.behind = -1
        self.seen: set[int] = set()
        self.names = unused_ids(new)
        self.answers = 0
        self.own = 0
        self.changes: list[str] = []

    def one_answer(self, pieces: list[Piece], place: int, stub: NotebookNode) -> list[Piece]:
        """Return the pieces with one answer at most at a place, and say where that took a guess."""
        pieces, odd = settle(pieces, place, stub)
        if odd and any(piece.place == place for piece in pieces):
            self.changes.append(
                f"{name_of(stub)}: its answer cell was split, copied, replaced or of another "
                "kind; look at the answer"
            )
        return pieces

    def put(self, piece: Piece) -> None:
        """Put one of the learner's cells where it belongs."""
        if piece.place is None:
            self.keep(piece)
            return
        given = self.base.cells[piece.place]
        target = self.places.get(piece.place)
        if target is not None:
            self.behind = target
        again = piece.place in self.seen
        self.seen.add(piece.place)
        if is_same(piece, given):
            self.take_outputs(piece, target)
        elif is_solution(given):
            self.put_answer(piece, given, target)
        elif again:
            self.keep(piece)
        elif is_nbgraders(given):
            self.changes.append(f"{name_of(given)}: you had edited it; it is the course's again")
        else:
            self.put_edited(piece, given, target)

    def put_answer(self, piece: Piece, given: NotebookNode, target: int | None) -> None:
        """Put an answer into its cell, or behind the last one where the release has none for it."""
        name = name_of(given)
        if target is None:
            self.changes.append(f"{name}: your answer is kept in a cell of its own")
            self.keep(piece)
        elif self.new.cells[target].cell_type != piece.kind:
            self.changes.append(
                f"{name}: the new edition wants a {self.new.cells[target].cell_type} cell; your "
                "answer is kept in a cell below it"
            )
            self.keep(piece)
        else:
            put_answer(self.new.cells[target], piece, "")
            self.take_outputs(piece, target)
            self.answers += 1

    def put_edited(self, piece: Piece, given: NotebookNode, target: int | None) -> None:
        """Take over a given cell that the learner has edited, unless the release changes it, too.

        Then the release's cell counts, and the learner's is kept as text, which does not run.
        """
        if not self.knows_old:
            return
        cell = self.new.cells[target] if target is not None else None
        if cell and (cell.cell_type, cell.source) == (piece.kind, given.source):
            cell.source = piece.text
            self.take_outputs(piece, target)
            return
        text = f"{YOURS}\n\n{fenced(piece.text)}" if piece.kind == "code" else piece.text
        self.keep(piece._replace(kind="markdown", text=text, outputs=[]))
        self.changes.append(
            "a given cell that you had edited is new: your version is kept below it as text"
        )

    def take_outputs(self, piece: Piece, target: int | None) -> None:
        """Keep a cell's outputs if its code is the one that made them."""
        cell = self.new.cells[target] if target is not None else None
        if cell and cell.cell_type == piece.kind == "code" and cell.source == piece.text:
            cell.outputs = piece.outputs

    def keep(self, piece: Piece) -> None:
        """Keep a learner's own cell behind the same given cell as before."""
        self.own += 1
        self.added[self.behind].append(own_cell(piece, next(self.names)))

    def notebook(self) -> NotebookNode:
        """Return the new release with all that was put in."""
        cells = list(self.added[-1])
        for place, cell in enumerate(self.new.cells):
            cells += [cell, *self.added[place]]
        self.new.cells = cells
        return self.new


def is_same(piece: Piece, cell: NotebookNode) -> bool:
    """Return whether a piece is as it was given out."""
    return piece.kind == cell.cell_type and piece.text.strip() == cell.source.strip()


def own_cell(piece: Piece, cell_id: str) -> NotebookNode:
    """Return a learner's own cell. It has no metadata, so nbgrader does not take it for another."""
    if piece.kind == "code":
        return new_code_cell(piece.text, id=cell_id, outputs=piece.outputs)
    make = new_markdown_cell if piece.kind == "markdown" else new_raw_cell
    cell = make(piece.text, id=cell_id)
    if piece.attachments:
        cell["attachments"] = piece.attachments
    return cell


def unused_ids(notebook: NotebookNode) -> Iterator[str]:
    """Yield cell ids that no cell of the notebook has."""
    taken = {cell.get("id") for cell in notebook.cells}
    return (name for name in (f"own-{number}" for number in count(1)) if name not in taken)


def fenced(code: str) -> str:
    """Return code as a Markdown block, whatever it holds itself."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code}\n{fence}"


# ---- one exercise ------------------------------------------------------------------------------


def reset(release: NotebookNode, theirs: NotebookNode, exercise: str) -> Reset:
    """Give one exercise back as it was given out: its answer cell and its checks.

    All other cells of `theirs` stay as they are. Raises CourseError where the release has no such
    exercise.
    """
    wanted = cells_of(release, exercise)
    if not wanted:
        names = ", ".join(exercises_of(release))
        raise CourseError(f"there is no exercise {exercise!r}: choose one of {names}")
    notebook = copy.deepcopy(theirs)
    stub = release.cells[wanted[0]]
    texts = [cell.source for cell in notebook.cells if grade_id_of(cell) == exercise]
    as_given = [put_back(notebook, release, place) for place in wanted]
    written = [text for text in texts if text.strip() not in ("", stub.source.strip())]
    suffix = ".py" if stub.cell_type == "code" else ".md"
    return Reset(notebook, not all(as_given), "\n\n\n".join(written), suffix)


def put_back(notebook: NotebookNode, release: NotebookNode, place: int) -> bool:
    """Put a cell of the release into a notebook; return whether it was there and the same."""
    cell = copy.deepcopy(release.cells[place])
    name = name_of(cell)
    there = [k for k, each in enumerate(notebook.cells) if grade_id_of(each) == name]
    same = len(there) == 1 and is_as_given(notebook.cells[there[0]], cell)
    if there:
        at = there[0]
        notebook.cells[:] = [each for k, each in enumerate(notebook.cells) if k not in there[1:]]
        notebook.cells[at] = cell
    else:
        notebook.cells.insert(behind_of(notebook, release, place), cell)
    return same


def is_as_given(theirs: NotebookNode, cell: NotebookNode) -> bool:
    """Return whether a learner's cell is the one of the release."""
    return theirs.cell_type == cell.cell_type and theirs.source.strip() == cell.source.strip()


def behind_of(notebook: NotebookNode, release: NotebookNode, place: int) -> int:
    """Return where a missing cell goes: behind the nearest one before it that is still there."""
    for earlier in reversed(release.cells[:place]):
        for k, cell in enumerate(notebook.cells):
            if identity(cell) == identity(earlier):
                return k + 1
    return 0


def identity(cell: NotebookNode) -> Any:
    """Return what a cell is recognised by: its grade_id, else its id."""
    return grade_id_of(cell) or ("id", cell.get("id"))


def grade_id_of(cell: NotebookNode) -> str:
    """Return a cell's grade_id, "" where it has none."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return str(nbgrader.get("grade_id", "")) if isinstance(nbgrader, dict) else ""
