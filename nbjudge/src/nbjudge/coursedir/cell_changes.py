"""Cells and notebooks that were added, split, renamed or removed after submissions were graded.

nbgrader refuses such a source, because its gradebook has a row for each cell of each submission.
Here these rows are added and removed. A mark or a comment given by hand is never lost: that of a
cell which is no longer there goes to the cell that the instructor names, or into a file.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from nbformat import NotebookNode
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from nbjudge.coursedir.gradebook import GradebookWriter, one_transaction
from nbjudge.coursedir.settings import Settings
from nbjudge.errors import CourseError
from nbjudge.files import replace_text

Moved: TypeAlias = Mapping[str, str]  # {cell that is gone: cell that gets its marks, "" for a file}
KINDS = {GradeCell: is_grade, SolutionCell: is_solution, TaskCell: is_task}
SET_ASIDE = "set-aside"  # the folder of the files with marks of cells that are gone
COLUMNS = ("learner", "notebook", "cell", "points", "extra_credit", "comment")
NAMES = 5  # learners named in a sentence


class CellsRefused(CourseError):
    """Marks given by hand belong to cells that are gone, and nobody has said where they go."""


class ByHand(NamedTuple):
    """What a person gave a cell of a submission."""

    student: str
    submitted: str  # id of the submitted notebook
    notebook: str
    cell: str
    points: float | None
    extra: float | None
    comment: str | None

    @property
    def place(self) -> str:
        """The cell as sentences name it."""
        return f"{self.notebook}/{self.cell}"


def fit_gradebook(
    settings: Settings, assignment: str, notebooks: Mapping[str, NotebookNode], moved: Moved
) -> list[str]:
    """Give the gradebook the cells of these notebooks, {name: as they are graded}.

    Returns sentences on what has changed. `moved` says where marks by hand of cells that are gone
    go; a cell is named by its grade_id, or as notebook/grade_id. Raises CellsRefused, and changes
    nothing, where it says too little.
    """
    with GradebookWriter(settings) as writer, one_transaction(writer.gradebook.db):
        fitting = Fitting(writer.gradebook, assignment)
        for name in sorted(notebooks.keys() - fitting.notebooks.keys()):
            fitting.add_notebook(name)
        for name, notebook in notebooks.items():
            fitting.remove_cells(name, names_in(notebook))
            fitting.add_cells(name, notebook)
        for name in sorted(fitting.notebooks.keys() - notebooks.keys()):
            fitting.remove_cells(name, {})
            fitting.remove_notebook(name)
        destinations = fitting.destinations(moved)
        aside = [each for each in fitting.by_hand if destinations[each.place] == ""]
        fitting.give(destinations)
        sentences = fitting.sentences()
        if aside:
            path = set_aside(settings.made / SET_ASIDE / f"{assignment}.csv", aside)
            sentences.append(f"what was given by hand to cells that are gone is kept in {path}")
    return sentences


def names_in(notebook: NotebookNode) -> dict[type, set[str]]:
    """Return {kind of cell: grade_ids} of a notebook, as nbgrader's SaveCells counts them."""
    found: dict[type, set[str]] = {kind: set() for kind in [*KINDS, SourceCell]}
    for cell in notebook.cells:
        for kind in kinds_of(cell):
            found[kind].add(cell.metadata.nbgrader["grade_id"])
    return found


def kinds_of(cell: NotebookNode) -> list[type]:
    """Return of which kinds a cell is in the gradebook."""
    kinds: list[type] = [kind for kind, is_kind in KINDS.items() if is_kind(cell)]
    return [*kinds, SourceCell] if kinds or is_locked(cell) else []


class Fitting:
    """The changes of one assignment, made in a transaction."""

    def __init__(self, gradebook: Any, assignment: str) -> None:
        self.db = gradebook.db
        self.assignment = gradebook.find_assignment(assignment)
        self.notebooks: dict[str, Any] = {each.name: each for each in self.assignment.notebooks}
        self.by_hand: list[ByHand] = []  # marks and comments of cells that are gone
        self.added: list[str] = []
        self.removed: list[str] = []

    def add_notebook(self, name: str) -> None:
        """Add a notebook, and to each submission one that was not handed in."""
        notebook = Notebook(name=name, assignment=self.assignment)
        self.db.add(notebook)
        for submission in self.assignment.submissions:
            self.db.add(SubmittedNotebook(notebook=notebook, assignment=submission))
        self.notebooks[name] = notebook
        self.db.flush()

    def remove_notebook(self, name: str) -> None:
        """Remove a notebook whose cells are removed."""
        notebook = self.notebooks[name]
        for submitted in list(notebook.submissions):
            self.db.delete(submitted)
        self.db.flush()
        self.db.delete(notebook)
        self.db.flush()

    def remove_cells(self, name: str, wanted: Mapping[type, set[str]]) -> None:
        """Remove the cells of a notebook that are not wanted, and note what was given by hand."""
        for kind in [*KINDS, SourceCell]:
            query = self.db.query(kind).filter(kind.notebook_id == self.notebooks[name].id)
            for cell in query.all():
                if cell.name in wanted.get(kind, ()):
                    continue
                if kind is not SourceCell:
                    self.removed.append(cell.name)
                    self._remove_rows(cell)
                self.db.delete(cell)
        self.db.flush()

    def _remove_rows(self, cell: BaseCell) -> None:
        for row in [*cell.grades, *cell.comments]:
            points = getattr(row, "manual_score", None)
            extra = getattr(row, "extra_credit", None)
            comment = getattr(row, "manual_comment", None)
            if points is not None or extra or comment:
                submitted = row.notebook
                who = submitted.assignment.student_id, submitted.id, submitted.notebook.name
                self.by_hand.append(ByHand(*who, cell.name, points, extra, comment))
            self.db.delete(row)
        self.db.flush()

    def add_cells(self, name: str, notebook: NotebookNode) -> None:
        """Add the cells that the gradebook lacks, and to each submission their rows."""
        there = {kind: self._names_of(kind, name) for kind in [*KINDS, SourceCell]}
        for cell in notebook.cells:
            for kind in kinds_of(cell):
                grade_id = cell.metadata.nbgrader["grade_id"]
                if grade_id not in there[kind]:
                    there[kind].add(grade_id)
                    self._add_cell(kind, name, grade_id, cell)
        self.db.flush()

    def _names_of(self, kind: Any, name: str) -> set[str]:
        query = self.db.query(kind.name).filter(kind.notebook_id == self.notebooks[name].id)
        return {grade_id for (grade_id,) in query.all()}

    def _add_cell(self, kind: Any, name: str, grade_id: str, cell: NotebookNode) -> None:
        """Add a cell; SaveCells gives it its points and its text afterwards."""
        fields = {} if kind is SolutionCell else {"cell_type": cell.cell_type}
        if kind in (GradeCell, TaskCell):
            fields["max_score"] = float(cell.metadata.nbgrader["points"])
        row = kind(name=grade_id, notebook_id=self.notebooks[name].id, **fields)
        self.db.add(row)
        self.db.flush()
        if kind is SourceCell:
            return
        self.added.append(grade_id)
        for submitted in self.notebooks[name].submissions:
            if kind in (GradeCell, TaskCell):
                self.db.add(Grade(cell_id=row.id, notebook_id=submitted.id))
            if kind in (SolutionCell, TaskCell):
                self.db.add(Comment(cell_id=row.id, notebook_id=submitted.id))

    # ---- what was given by hand ------------------------------------------------------------------

    def destinations(self, moved: Moved) -> dict[str, str]:
        """Return {cell that is gone: notebook/cell that gets what was given to it by hand, or ""}.

        Raises CellsRefused where one has no destination, or one that is not there.
        """
        found = {}
        for each in self.by_hand:
            wanted = moved.get(each.place, moved.get(each.cell))
            same = f"{each.notebook}/{each.cell}"  # the cell is there as one of another kind
            if wanted is None and self._rows_of(each, same):
                wanted = same
            if wanted is None:
                raise CellsRefused(self._says_who(each.cell))
            if wanted and "/" not in wanted:
                wanted = f"{each.notebook}/{wanted}"
            if wanted and not self._rows_of(each, wanted):
                raise CellsRefused(
                    f"--moved {each.cell}={wanted.rpartition('/')[2]}: the lesson has no such cell "
                    f"for it, so nothing was graded: name one of {', '.join(self._takers(each))}"
                )
            found[each.place] = wanted
        return found

    def _says_who(self, cell: str) -> str:
        """Return the sentence on a cell that is gone and was marked by hand."""
        students = sorted({each.student for each in self.by_hand if each.cell == cell})
        more = len(students) - NAMES
        named = ", ".join(students[:NAMES]) + (f" and {more} more" if more > 0 else "")
        return (
            f"the cell `{cell}` is gone or renamed, and marks or comments were given to it by hand "
            f"({named}), so nothing was graded: bring it back, or say which cell gets them with "
            f"--moved {cell}=NEW, or with --moved {cell}= that they go into a file"
        )

    def _takers(self, given: ByHand) -> list[str]:
        """Return the cells of the same notebook that can take what was given by hand."""
        kinds = (SolutionCell, TaskCell) if given.comment else (GradeCell, TaskCell)
        if given.notebook not in self.notebooks:
            return []
        return sorted(set().union(*(self._names_of(kind, given.notebook) for kind in kinds)))

    def _rows_of(self, given: ByHand, place: str) -> list[Any]:
        """Return the rows of the cell `place`, in the submission of what was given by hand."""
        name, _, cell = place.rpartition("/")
        kind = Comment if given.comment else Grade
        query = (
            self.db.query(kind)
            .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(BaseCell, BaseCell.id == kind.cell_id)
            .filter(Notebook.name == name, Notebook.assignment_id == self.assignment.id)
            .filter(BaseCell.name == cell)
        )
        students = {each.id: each.student_id for each in self.assignment.submissions}
        return [row for row in query if students[row.notebook.assignment_id] == given.student]

    def give(self, destinations: Mapping[str, str]) -> None:
        """Give the new cells what was given by hand; a person is to look at it once more.

        Where a cell has a mark or a comment already, the two are put together.
        """
        for each in self.by_hand:
            place = destinations[each.place]
            for row in self._rows_of(each, place) if place else ():
                if isinstance(row, Comment):
                    row.manual_comment = "\n\n".join(
                        filter(None, (row.manual_comment, each.comment))
                    )
                    continue
                if each.points is not None:
                    row.manual_score = (row.manual_score or 0) + each.points
                if each.extra:
                    row.extra_credit = (row.extra_credit or 0) + each.extra
                row.needs_manual_grade = True
        self.db.flush()

    def sentences(self) -> list[str]:
        """Return what there is to say about the changes."""
        added = list(dict.fromkeys(name for name in self.added if name not in self.removed))
        removed = list(dict.fromkeys(name for name in self.removed if name not in self.added))
        parts = [f"new: {', '.join(added)}"] if added else []
        parts += [f"gone: {', '.join(removed)}"] if removed else []
        if not parts:
            return []
        return [
            f"its cells have changed since submissions were graded ({'; '.join(parts)}): marks and "
            "comments given by hand are kept, grade all learners again"
        ]


def set_aside(path: Path, given: Iterable[ByHand]) -> Path:
    """Add what was given by hand to a CSV file of its own, and return its path."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    text = io.StringIO()
    writer = csv.writer(text)
    if not before:
        writer.writerow(COLUMNS)
    for student, _, *fields in given:
        writer.writerow([student, *fields])
    replace_text(path, before + text.getvalue(), private=True)
    return path
