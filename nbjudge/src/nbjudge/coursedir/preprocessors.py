"""Preprocessors that replace two of nbgrader's own; `configure(c)` puts them into its lists.

nbgrader takes plug-ins as classes, so these are classes.
"""

import ast
import re
from collections import defaultdict
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades
from nbgrader.utils import is_grade
from traitlets.config import Config

from nbjudge.planning.syntax import cell_tree
from nbjudge.sandbox.output import OutputBudget, shorten

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class FairExecute(Execute):
    """Runs the cells as nbgrader does, but what a check cell prints costs and earns no points.

    Stock nbgrader gives 0 points if a check writes to stderr, even a warning, and takes the first
    number that is displayed as a result for the points, even if the answer displays it. Here stderr
    is kept as stdout, and only the last result is kept as one: that is the value of the check's
    last expression, its partial credit. Long outputs are cut, so that they do not fill the memory.
    """

    def reset_execution_trackers(self) -> None:
        """Begin a notebook with new budgets for its outputs."""
        super().reset_execution_trackers()
        self.budgets: defaultdict[int, OutputBudget] = defaultdict(OutputBudget)  # by cell index

    def output(self, outs: list, msg: dict, display_id: str, cell_index: int) -> Any:
        """Keep one message of a kernel among a cell's outputs, as nbclient asks for it."""
        kind = msg["msg_type"]
        content = msg["content"]
        graded = is_grade(self.nb.cells[cell_index])
        if kind == "stream":
            kept = self.budgets[cell_index].text(content["text"])
            if kept is None:
                return None
            content["text"] = kept
            if graded:
                content["name"] = "stdout"
        elif kind in ("display_data", "execute_result"):
            content["data"] = self.budgets[cell_index].data(content["data"])
            if graded:
                as_plain_displays(outs)
                if kind == "execute_result" and not has_value(self.nb.cells[cell_index].source):
                    msg["msg_type"] = msg["header"]["msg_type"] = "display_data"
        elif kind == "error":
            content["evalue"] = shorten(content["evalue"])
            content["traceback"] = [shorten(line) for line in content["traceback"]]
        return super().output(outs, msg, display_id, cell_index)


def has_value(source: str) -> bool:
    """Return whether a cell's last statement has a value; True where the cell is not Python."""
    tree = cell_tree(source)
    return tree is None or bool(tree.body and isinstance(tree.body[-1], ast.Expr))


def as_plain_displays(outputs: list[NotebookNode]) -> None:
    """Turn the results among a cell's outputs into displays, which stock nbgrader never counts."""
    for output in outputs:
        if output.output_type == "execute_result":
            output.output_type = "display_data"
            del output["execution_count"]


def split_hidden_tests(source: str) -> tuple[str, str | None]:
    """Return (the visible part of a check cell, its hidden tests, None where it has no region).

    nbgrader's ClearHiddenTests is asked for the delimiters; the lines that hold one are in neither.
    """
    clear = ClearHiddenTests()
    visible: list[str] = []
    hidden: list[str] = []
    inside = found = False
    for line in source.split("\n"):
        if clear.begin_test_delimeter in line:
            inside = found = True
        elif clear.end_test_delimeter in line:
            inside = False
        elif inside:
            hidden.append(line)
        else:
            visible.append(line)
    return "\n".join(visible), "\n".join(hidden) if found else None


class HideTests(ClearHiddenTests):
    """Takes the hidden tests out of the feedback: out of the cell, and out of its traceback."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        """Clear one cell; a traceback that quotes a hidden test is cut to its last line."""
        full = cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        hidden = lines_of(full) - lines_of(cell.source)
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                shown = ANSI.sub("", "\n".join(output.traceback))
                if any(line in shown for line in hidden):
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


def lines_of(source: str) -> set[str]:
    """Return the lines of a cell without their indentation, empty ones left out."""
    return {line.strip() for line in source.split("\n") if line.strip()}


def configure(c: Config) -> None:
    """Put the two preprocessors into nbgrader's lists.

    `c` is the config object of nbgrader_config.py.
    """
    steps = Autograde().autograde_preprocessors
    c.Autograde.autograde_preprocessors = [
        FairExecute if step is Execute else step for step in steps
    ]
    c.GenerateFeedback.preprocessors = [
        GetGrades,
        HideTests,
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    # Very long output takes more than nbgrader's 4 s to read, and a timeout loses the submission.
    c.Execute.iopub_timeout = 30
