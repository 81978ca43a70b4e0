"""The course's own preprocessors in nbgrader's lists for autograde.

c.Autograde.sanitize_preprocessors and c.Autograde.autograde_preprocessors hold nbgrader's own
steps, in whose place nbjudge has its own, and those of the course. The latter run here, in the
process that coordinates, because they are the course's code and may open its files.
"""

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat import NotebookNode
from nbgrader import preprocessors as stock
from nbgrader.converters import Autograde
from nbgrader.utils import determine_grade, is_grade, is_solution
from traitlets.utils.importstring import import_item

from nbjudge.coursedir.gradebook import Marks
from nbjudge.coursedir.pipeline import is_step, name_cells
from nbjudge.coursedir.settings import CONFIG, Settings
from nbjudge.errors import SettingsError, SubmissionError

REPLACED = (  # by what nbjudge does itself
    stock.ClearOutput,
    stock.DeduplicateIds,
    stock.OverwriteKernelspec,
    stock.OverwriteCells,
    stock.CheckCellMetadata,
    stock.Execute,
    stock.LimitOutput,
    stock.SaveAutoGrades,
    stock.AssignLatePenalties,
)
OFF = (stock.IgnorePattern, ClearMetadataPreprocessor)  # nbgrader's own, used if they are enabled


class OwnSteps:
    """The course's own steps, before the cells run and after."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError where a step cannot be imported or made."""
        self.settings = settings
        self.before: list[Any] = []
        self.after: list[Any] = []
        with settings.working_folder.entered():
            lists = Autograde(coursedir=settings.directory, config=settings.config)
            for step in lists.sanitize_preprocessors:
                self._take(step, self.before)
            found = self.before
            for step in lists.autograde_preprocessors:
                if is_it(step, stock.Execute):
                    found = self.after
                self._take(step, found)

    def _take(self, step: Any, found: list[Any]) -> None:
        """Make a step that is the course's own, or enabled."""
        try:
            if is_it(step, REPLACED):
                return
            kind = import_item(step) if isinstance(step, str) else step
            made = kind(config=self.settings.config) if isinstance(kind, type) else kind
        except Exception as error:  # it is the course's code
            raise SettingsError(
                f"{self.settings.root / CONFIG}: {step!r} in c.Autograde's preprocessors cannot be "
                f"used ({type(error).__name__}: {error}): correct it"
            ) from error
        if not is_it(step, OFF) or made.enabled:
            found.append(made)

    def prepare(self, notebook: NotebookNode, resources: Mapping[str, Any]) -> NotebookNode:
        """Return a rebuilt notebook after the steps that come before its cells run."""
        if not self.before:
            return notebook
        notebook = self._run(self.before, notebook, resources)
        name_cells(notebook, {})
        return notebook

    def finish(self, text: str, marks: Marks, resources: Mapping[str, Any]) -> tuple[str, Marks]:
        """Return (an executed notebook's text, its marks) after the steps that come then.

        Where they have changed the outputs of a test, its points are what nbgrader reads from them.
        """
        if not self.after:
            return text, marks
        notebook = nbformat.reads(text, as_version=4)
        outputs = outputs_of_tests(notebook)
        notebook = self._run(self.after, notebook, resources)
        points = dict(marks.points)
        for cell in tests_of(notebook):
            name = cell.metadata.nbgrader.grade_id
            if name in points and cell.outputs != outputs.get(name):
                points[name] = determine_grade(cell)[0]
        return nbformat.writes(notebook), marks._replace(points=points)

    def _run(
        self, steps: Iterable[Any], notebook: NotebookNode, resources: Mapping[str, Any]
    ) -> NotebookNode:
        """Run steps. Raises SubmissionError where one fails, as stock leaves it out."""
        found = dict(resources)
        with self.settings.working_folder.entered():
            for step in steps:
                try:
                    notebook, found = step(notebook, found)
                except Exception as error:  # it is the course's code
                    name = getattr(step, "__name__", type(step).__name__)
                    raise SubmissionError(
                        f"the course's own preprocessor {name} failed "
                        f"({type(error).__name__}: {error}), so nothing was graded: correct it"
                    ) from error
        return notebook

    def resources(self, student: str, assignment: str, notebook: str) -> dict[str, Any]:
        """Return what nbgrader tells a preprocessor of the notebook."""
        folder: Path = self.settings.folders.autograded(student, assignment)
        return {
            "unique_key": notebook,
            "output_files_dir": f"{notebook}_files",
            "metadata": {"name": notebook, "path": str(folder)},
            "nbgrader": {
                "student": student,
                "assignment": assignment,
                "notebook": notebook,
                "db_url": self.settings.gradebook_url,
            },
        }


def is_it(step: Any, kind: type | tuple[type, ...]) -> bool:
    """Return whether a step is of this class; False for a function."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(is_step(step, each) for each in kinds)


def tests_of(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells whose points come from their outputs."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            found.append(cell)
    return found


def outputs_of_tests(notebook: NotebookNode) -> dict[str, Any]:
    """Return {grade_id: copy of the outputs} of a notebook's tests."""
    found = {}
    for cell in tests_of(notebook):
        found[cell.metadata.nbgrader.grade_id] = copy.deepcopy(cell.outputs)
    return found
