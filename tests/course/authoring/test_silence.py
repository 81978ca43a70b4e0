"""A learner always sees that a cell still works."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.authoring import build, silence

SHORT = "import time\ndef work(end=time.process_time):\n    start = end()\n"
WORK = SHORT + "    while end() < start + 0.7: pass"


@pytest.mark.parametrize("lesson", build.lessons())
def test_no_cell_shows_nothing_for_more_than_five_seconds(lesson):
    """Except the first one: it imports, and an import cannot say how far it is."""
    notebook = nbformat.read(build.solution_path(lesson), 4)
    first = next(cell.id for cell in notebook.cells if cell.cell_type == "code")
    silent = {}
    for cell, seconds in notebook.metadata[silence.SILENCES].items():
        if seconds > 5 and cell != first:
            silent[cell] = seconds
    assert not silent, "print a line for each run, or loop over `followed` of notebook/waiting.py"


def test_a_build_records_how_long_a_cell_shows_nothing():
    cells = [
        new_code_cell(WORK, id="quick"),
        new_code_cell("work()\nprint(1)\nwork()", id="shows-something"),
        new_code_cell("print(1)\nwork()\nwork()", id="silent"),
        new_code_cell("time.sleep(1.5)", id="computes-nothing"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    build.execute(notebook)
    recorded = notebook.metadata[silence.SILENCES]
    assert list(recorded) == ["silent"]
    assert recorded["silent"] == pytest.approx(1.4, abs=0.3)
