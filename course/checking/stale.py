"""Whether a check would judge an earlier version of an answer.

A cell with a syntax error defines nothing, and neither does one whose function was renamed: the
function of an earlier run is still there, and a check would judge it. JupyterLab tells the kernel
which cell it runs (`cell_id` of IPython's events), and an answer cell has the name of its exercise
as its id; its check's cell has "check-" before it. Kernels that are not told the ids, such as
nbclient's, run each cell once, so nothing can be stale there.
"""

import linecache
import traceback
import types
from typing import NamedTuple

from IPython.core.interactiveshell import InteractiveShell

CHECK = "check-"


class Run(NamedTuple):
    """One run of a cell."""

    cell: str  # its id
    source: str
    error: BaseException | None


class StaleAnswer(Exception):
    """The check's answer was defined before its cell was last run; str() says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a traceback."""
        return [f"Not yet. {self}"]


runs: list[Run] = []  # of all cells, in order
current: list[str] = []  # the id of the cell that runs, if the kernel was told


def watch_cells() -> None:
    """Note from now on which cell runs, and how it ends. Once for a kernel."""
    if not InteractiveShell.initialized():
        return
    events = InteractiveShell.instance().events
    if note_end not in events.callbacks["post_run_cell"]:
        events.register("pre_run_cell", note_start)
        events.register("post_run_cell", note_end)


def note_start(info) -> None:
    """Note the id of the cell that begins."""
    current[:] = [info.cell_id] if getattr(info, "cell_id", None) else []


def note_end(result) -> None:
    """Note how a cell has ended."""
    info = result.info
    if info is not None and getattr(info, "cell_id", None):
        error = result.error_before_exec or result.error_in_exec
        runs.append(Run(info.cell_id, info.raw_cell, error))


def expect_fresh(answers: tuple) -> None:
    """Raise StaleAnswer if the function to judge is older than the last run of its answer cell."""
    if not current or not current[0].startswith(CHECK):
        return
    exercise = current[0].removeprefix(CHECK)
    last = newest([run.cell for run in runs], exercise)
    for answer in answers:
        if last < 0 or not isinstance(answer, types.FunctionType):
            continue
        defined_by = source_of(answer)
        if 0 <= newest([run.source.strip() for run in runs], defined_by) < last:
            raise StaleAnswer(why(runs[last], answer.__name__))


def cell_of(answers: tuple) -> str:
    """Return the text of the cell that defined the function to judge, "" where it is not known."""
    sources = [run.source.strip() for run in runs]
    for answer in answers[:1]:
        if isinstance(answer, types.FunctionType) and source_of(answer) in sources:
            return source_of(answer)
    return ""


def newest(values: list[str], wanted: str) -> int:
    """Return the last index of a value, -1 if it is not there."""
    for index in range(len(values) - 1, -1, -1):
        if values[index] == wanted:
            return index
    return -1


def source_of(function: types.FunctionType) -> str:
    """Return the text of the cell that defined a function; empty where it is not known."""
    return "".join(linecache.getlines(function.__code__.co_filename)).strip()


def why(last: Run, name: str) -> str:
    """Return why the function is from an earlier run, and what to do."""
    if last.error is None:
        return (
            f"The answer cell no longer defines `{name}`, so the check would judge the function "
            f"of an earlier run. Name your function `{name}`, run its cell, then run this one."
        )
    said = traceback.format_exception_only(last.error)[-1].strip()
    return (
        f"The answer cell ended with {said}. The check would judge the `{name}` of an earlier "
        "run. Correct that cell, run it, then run this one."
    )
