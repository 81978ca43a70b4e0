"""Preprocessors that replace two of nbgrader's own; `configure(c)` puts them into its lists.

nbgrader takes plug-ins as classes, so these are classes.
"""

import ast
from collections import defaultdict
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades
from nbgrader.utils import is_grade
from traitlets.config import Config

from nbjudge.coursedir.hidden_tests import without_hidden_tests
from nbjudge.planning.syntax import cell_tree
from nbjudge.sandbox.output import OutputBudget, shorten


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


class HideTests(ClearHiddenTests):
    """Takes the hidden tests out of the feedback: out of the cells, and out of all outputs.

    Unlike ClearHiddenTests it raises nothing: a student's answer may hold the delimiters.
    """

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Clear one notebook."""
        delimiters = {
            "begin_test_delimeter": self.begin_test_delimeter,
            "end_test_delimeter": self.end_test_delimeter,
        }
        return without_hidden_tests(nb, Config({"ClearHiddenTests": delimiters})), resources


def hiding_tests(steps: list[type | str]) -> list[type | str]:
    """Return the steps of the feedback, the course's own included, with HideTests behind GetGrades.

    It takes the place of ClearHiddenTests, which leaves outputs as they are.
    """
    replaced = (ClearHiddenTests, f"nbgrader.preprocessors.{ClearHiddenTests.__name__}", HideTests)
    found = [step for step in steps if step not in replaced]
    place = found.index(GetGrades) + 1 if GetGrades in found else 0
    return [*found[:place], HideTests, *found[place:]]


def configure(c: Config) -> None:
    """Put the two preprocessors into nbgrader's lists.

    `c` is the config object of nbgrader_config.py.
    """
    steps = Autograde().autograde_preprocessors
    c.Autograde.autograde_preprocessors = [
        FairExecute if step is Execute else step for step in steps
    ]
    c.GenerateFeedback.preprocessors = hiding_tests(GenerateFeedback(config=c).preprocessors)
    # Very long output takes more than nbgrader's 4 s to read, and a timeout loses the submission.
    c.Execute.iopub_timeout = 30
