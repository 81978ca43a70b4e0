"""What nbgrader is asked to do differently: `configure(c)` in nbgrader_config.py puts these two preprocessors in its place.

nbgrader takes plug-ins as classes, so these are classes.
"""

import re
from collections import defaultdict

from nbgrader.converters import Autograde
from nbgrader.preprocessors import ClearHiddenTests, Execute, GetGrades
from nbgrader.utils import is_grade

from nbjudge.sandbox.output import OutputBudget, shorten

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class FairExecute(Execute):
    """Runs the cells as nbgrader does, but what a cell prints can neither cost points, nor earn them, nor fill the memory.

    Stock nbgrader gives 0 for one warning on stderr below a check, and takes a number displayed there for the points. In a
    check cell only an error counts here: its stderr is kept as stdout, what it displays as a plain display.
    """

    def reset_execution_trackers(self):
        super().reset_execution_trackers()
        self.budgets = defaultdict(OutputBudget)  # of each cell, by its index

    def output(self, outs, msg, display_id, cell_index):
        kind, content = msg["msg_type"], msg["content"]
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
                msg["msg_type"] = msg["header"]["msg_type"] = "display_data"
        elif kind == "error":
            content["evalue"] = shorten(content["evalue"])
            content["traceback"] = [shorten(line) for line in content["traceback"]]
        return super().output(outs, msg, display_id, cell_index)


class HideTests(ClearHiddenTests):
    """Takes the hidden tests out of the feedback: out of the cell, and out of a traceback that quotes them."""

    def preprocess_cell(self, cell, resources, cell_index):
        full = cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        kept = {line.strip() for line in cell.source.split("\n")}
        hidden = [
            line.strip() for line in full.split("\n") if line.strip() and line.strip() not in kept
        ]
        for output in cell.get("outputs", []) if hidden else []:
            if output.output_type == "error":
                shown = ANSI.sub("", "\n".join(output.traceback))
                if any(line in shown for line in hidden):
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


def configure(c):
    """Put the two preprocessors into nbgrader's lists; `c` is the config object of nbgrader_config.py."""
    c.Autograde.autograde_preprocessors = [
        FairExecute if step is Execute else step for step in Autograde().autograde_preprocessors
    ]
    c.GenerateFeedback.preprocessors = [
        GetGrades,
        HideTests,
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.Execute.iopub_timeout = 30  # a flood of output needs longer than 4 s to drain, and running out of time loses the submission
