"""What a kernel notes of the cells that run: it tells which cell has to run before another one.

A cell that needs what is not there yet gets one line in place of a traceback. In a lesson with open
exercises, Run All would else show a long traceback below each given cell that needs an answer. A
cell that stops defines none of its later names, so the cells that need them stop as well, with a
NameError: they say which exercise is open, too. A check whose answer cell has not run says so.

A check does not judge an earlier version of an answer. A cell with a syntax error defines nothing,
and neither does one whose function was renamed: the function of an earlier run is still there.
JupyterLab tells the kernel which cell it runs (`cell_id` of IPython's events), and an answer cell
has the name of its exercise as its id; its check's cell has "check-" before it. Kernels that are
not told the ids, such as nbclient's, run each cell once, so no answer can be older than its cell.

A cell that stops and needs an answer whose check fails keeps its traceback, and a last line below
it names the exercise. If the answer is not defined at all, that line is enough.

In `course lab` each kernel loads this module at its start, as an IPython extension, so that it
knows what ran before the lesson's first cell.
"""

import linecache
import re
import traceback
import types
from collections.abc import Iterable
from typing import NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from course.checking.panel import blank_cell, blank_function, in_notebook
from nbjudge.planning.names import names_of

CHECK = "check-"
GIVEN = re.compile(r"cell-\d\d")  # the id of a given cell, as course/authoring/build.py makes it
# the id of a cell that the learner has added, as JupyterLab and nbformat make it
ADDED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")
# how each check begins: the first cell of every lesson imports its checks under this name
CHECKS = "check"
CALLS_A_CHECK = re.compile(rf"^{CHECKS}\.(\w+)\(", re.MULTILINE)


class Run(NamedTuple):
    """One run of a cell. It holds no exception, which would keep the cell's tensors in memory."""

    cell: str  # its id; "" where the kernel was not told
    source: str
    error: str  # that it ended with, in Python's words; "" where it ended well
    why: str  # why names that it sets may be missing, and what to do first; "" where it ended well


class StaleAnswer(Exception):
    """The check's answer was defined before its cell was last run; str() says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a traceback."""
        return [f"Not yet. {self}"]


runs: list[Run] = []  # in order; without those that ended well in a kernel that is told no ids
current: list[str] = []  # the id of the cell that runs, if the kernel was told
# {name: all names that its cell used, and the cells that defined those, and so on}
built_on: dict[str, frozenset[str]] = {}
wrong: dict[str, None] = {}  # the answers whose check failed or did not begin, in order


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `--ext=course.checking.cells` calls at the start of a kernel."""
    watch_cells()


def watch_cells() -> None:
    """Note from now on which cell runs and how it ends, and say what has to run before. Only once.

    Errors are shown as before outside of Jupyter's kernels. The exceptions stay what they are.
    """
    if not InteractiveShell.initialized():
        return
    shell = InteractiveShell.instance()
    if note_end not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("pre_run_cell", note_start)
        shell.events.register("post_run_cell", note_end)
    if getattr(shell, "kernel", None) is not None and not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _show)


def note_start(info) -> None:
    """Note the id of the cell that begins."""
    current[:] = [info.cell_id] if getattr(info, "cell_id", None) else []


def note_check(answer: str, passed: bool) -> None:
    """Note how the check of an answer has ended. A check has the name of its answer."""
    if passed:
        wrong.pop(answer, None)
    else:
        wrong[answer] = None


def note_end(result) -> None:
    """Note how a cell has ended, and what its names were built on."""
    if result.info is None:
        return
    sets, uses = names_of(result.info.raw_cell)
    reached = _reached(uses)
    built_on.update(dict.fromkeys(sets or (), reached))
    problem = result.error_before_exec or result.error_in_exec
    cell = getattr(result.info, "cell_id", None) or ""
    if problem:
        if CHECKS in InteractiveShell.instance().user_ns:
            # a check does not begin if its answer is not defined
            for answer in CALLS_A_CHECK.findall(result.info.raw_cell):
                note_check(answer, passed=False)
        said = traceback.format_exception_only(problem)[-1].strip()
        # a cell with a syntax error defines nothing, though its text may be that of an earlier run
        # but for the spaces before it
        source = "" if result.error_before_exec else result.info.raw_cell
        runs.append(Run(cell, source, said, _why_stopped(problem, reached)))
    elif cell:
        runs.append(Run(cell, result.info.raw_cell, "", ""))


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
            raise StaleAnswer(_why_stale(runs[last], answer.__name__))


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


def _why_stale(last: Run, name: str) -> str:
    """Return why the function is from an earlier run, and what to do."""
    if not last.error:
        return (
            f"The answer cell no longer defines `{name}`, so the check would judge the function "
            f"of an earlier run. Name your function `{name}`, run its cell, then run this one."
        )
    return (
        f"The answer cell ended with {last.error}. The check would judge the `{name}` of an "
        "earlier run. Correct that cell, run it, then run this one."
    )


def _show(
    shell: InteractiveShell,
    kind: type[BaseException],
    problem: BaseException,
    trace: types.TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show an exception as IPython does, in one line where an open exercise is the reason.

    Where the check of an answer that the cell needs has failed, a last line says that. So it does
    where a given cell misses a name: after a restart the cells above have not run.
    """
    lines: list[str] = []
    if hasattr(problem, "_render_traceback_"):
        pass  # a check has said it in a panel
    elif isinstance(problem, NameError) and (line := _why_missing(problem)):
        lines = [line]
    elif name := blank_function(problem):
        lines = [f"`{name}` is not answered yet. Answer its exercise, then run this cell again."]
    elif blank_cell(problem):
        lines = [
            "Not answered yet. Put your answer in place of `raise NotImplementedError()`, then run "
            "this cell again."
        ]
    elif line := _needs_wrong_answer(trace) or _needs_earlier_cell(problem):
        as_usual = shell.InteractiveTB.structured_traceback
        lines = [*as_usual(kind, problem, trace, tb_offset=tb_offset), line]
    if lines:
        problem._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython's hook
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


def _needs_wrong_answer(trace: types.TracebackType) -> str:
    """Return which wrong answer the cell needs that has stopped, "" where it needs none."""
    source = _source_that_ran(trace)
    if CALLS_A_CHECK.search(source):
        return ""
    answer = _wrong_answer(_reached(names_of(source).uses))
    return answer and (
        f"This cell needs `{answer}`, whose check does not pass yet. Correct it, then run the "
        "cells from there to this one again."
    )


def _needs_earlier_cell(problem: BaseException) -> str:
    """Return what to do about a name that a given cell does not find, "" for another problem."""
    if type(problem) is not NameError or not _is_given():  # UnboundLocalError is another fault
        return ""
    return (
        f"If a cell above defines `{problem.name}`, choose Run > Run All Above Selected Cell, then "
        "run this cell."
    )


def _is_given() -> bool:
    """Return whether a given cell of a lesson runs; False where the kernel is told no ids."""
    return bool(current) and GIVEN.fullmatch(current[0]) is not None


def _is_of_the_lesson() -> bool:
    """Return whether a cell runs that the lesson had from the start, such as an answer cell."""
    return bool(current) and ADDED.fullmatch(current[0]) is None


def _source_that_ran(trace: types.TracebackType | None) -> str:
    """Return the text of the cell that ran when an error was raised, "" where it is not known."""
    frames = [frame for frame, _ in traceback.walk_tb(trace) if in_notebook(frame)]
    return "".join(linecache.getlines(frames[0].f_code.co_filename)) if frames else ""


def _reached(names: Iterable[str]) -> frozenset[str]:
    """Return names and all that they were built on."""
    return frozenset(names).union(*(built_on.get(name, ()) for name in names))


def _wrong_answer(reached: frozenset[str]) -> str:
    """Return the first of the names whose check fails, "" where there is none."""
    return next((answer for answer in wrong if answer in reached), "")


def _why_missing(problem: NameError) -> str:
    """Return why a name is not defined and what to run; "" where that is not known."""
    if why := _stopped(problem.name):
        return (
            f"`{problem.name}` is not defined, because the cell that defines it {why} that cell "
            "again, then this one."
        )
    if _first_cell_has_not_run(problem):
        return (
            "The first code cell of this lesson has not run since the kernel started. Choose "
            "Run > Run All Above Selected Cell, then run this cell."
        )
    if not _raised_by_check_cell(problem):
        if problem.name not in wrong:
            return ""
        return (
            f"`{problem.name}` is not defined, and its check does not pass yet. Correct the "
            "answer, then run the cells from there to this one again."
        )
    if _waits_for(problem.name):
        return (
            f"`{problem.name}` is not defined, because the answer cell has not run since the "
            "kernel started. Run it, then run this one."
        )
    return (
        f"`{problem.name}` is not defined: its cell has not run, has stopped with an error, or "
        "gives it another name. Correct and run that cell, then run this one."
    )


def _first_cell_has_not_run(problem: NameError) -> bool:
    """Return whether a lesson's cell runs before the first one, which imports the checks."""
    if CHECKS in InteractiveShell.instance().user_ns:
        return False
    imports_checks = CHECKS in (names_of(_source_that_ran(problem.__traceback__)).sets or ())
    return _raised_by_check_cell(problem) or (_is_of_the_lesson() and not imports_checks)


def _waits_for(name: str) -> bool:
    """Return whether a check's cell runs, and this is its answer, whose cell has not run yet."""
    if not current or not current[0].startswith(CHECK):
        return False
    exercise = current[0].removeprefix(CHECK)
    return exercise.replace("-", "_") == name and newest([run.cell for run in runs], exercise) < 0


def _stopped(name: str) -> str:
    """Return why the cell that sets a name has stopped, and what to do; "" if none has."""
    for run in reversed(runs):
        if name in (names_of(run.source).sets or ()):
            return run.why
    return ""


def _why_stopped(problem: BaseException, reached: frozenset[str]) -> str:
    """Return why a cell has stopped, and what to do before it runs again.

    reached: the names that the cell was built on.
    """
    why = ""
    if isinstance(problem, NameError):
        why = _stopped(problem.name)
    elif name := blank_function(problem):
        why = f"needs `{name}`, whose exercise is not answered yet. Answer it, run"
    if not why and (answer := _wrong_answer(reached)):
        why = f"needs `{answer}`, whose check does not pass yet. Correct it, run"
    return why or f"has stopped with {type(problem).__name__}. Run"


def _raised_by_check_cell(problem: NameError) -> bool:
    """Return whether it is a line of the check cell itself that misses a name."""
    frame, _ = list(traceback.walk_tb(problem.__traceback__))[-1]
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    own_line = in_notebook(frame) and frame.f_code.co_name.startswith("<")
    return own_line and CALLS_A_CHECK.search(source) is not None
