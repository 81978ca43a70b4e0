"""A cell that needs what is not there yet: one line that says what to run, and no traceback.

Run All in a lesson with open exercises would else show a long traceback below each given cell that
needs an answer. A cell that stops defines none of its later names, so the cells that need them stop
as well, with a NameError: they say which exercise is open, too. A check whose answer cell has not
run says so. In `course lab` each kernel loads this module at its start, as an IPython extension, so
that a check which is run before the lesson's first cell says that, too.

A cell that stops and needs an answer whose check fails keeps its traceback, and a last line below
it names the exercise.
"""

import linecache
import re
import traceback
from collections.abc import Iterable
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

from course.checking.panel import blank_function, in_notebook
from nbjudge.planning.names import names_of

# {name: why the cell that would define it has stopped, and what to do first}
stopped: dict[str, str] = {}
# {name: all names that its cell used, and the cells that defined those, and so on}
built_on: dict[str, frozenset[str]] = {}
wrong: dict[str, None] = {}  # the answers whose check failed when it last ran, in order
# how each check begins: the first cell of every lesson imports its checks under this name
CHECKS = "check"
CALLS_A_CHECK = re.compile(rf"^{CHECKS}\.\w+\(", re.MULTILINE)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `--ext=course.checking.unanswered` calls at the start of a kernel."""
    shorten_tracebacks()


def shorten_tracebacks() -> None:
    """From now on, let this kernel say in one line what has to run before a cell. Only once.

    Nothing changes outside of Jupyter's kernels. The exceptions stay what they are.
    """
    if not InteractiveShell.initialized():
        return
    shell = InteractiveShell.instance()
    if getattr(shell, "kernel", None) is not None and not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _show)
        shell.events.register("post_run_cell", note_end)


def note_check(answer: str, passed: bool) -> None:
    """Note how the check of an answer has ended. A check has the name of its answer."""
    if passed:
        wrong.pop(answer, None)
    else:
        wrong[answer] = None


def note_end(result) -> None:
    """Note what a cell's names were built on, and where it has stopped, why it defines none."""
    if result.info is None:
        return
    sets, uses = names_of(result.info.raw_cell)
    reached = _reached(uses)
    for name in sets or ():
        built_on[name] = reached
    if problem := result.error_in_exec:
        reason = f"has stopped with {type(problem).__name__}. Run"
        if answer := _wrong_answer(reached):
            reason = f"needs `{answer}`, whose check does not pass yet. Correct it, run"
        for name in sets or ():
            stopped[name] = _open_exercise(problem) or reason


def _show(
    shell: InteractiveShell,
    kind: type[BaseException],
    problem: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show an exception as IPython does, in one line where an open exercise is the reason.

    Where the check of an answer that the cell needs has failed, a last line says that.
    """
    lines: list[str] = []
    if hasattr(problem, "_render_traceback_"):
        pass  # a check has said it in a panel
    elif isinstance(problem, NameError) and (line := _why_missing(problem)):
        lines = [line]
    elif name := blank_function(problem):
        lines = [f"`{name}` is not answered yet. Answer its exercise, then run this cell again."]
    elif line := _why_stopped(trace):
        as_usual = shell.InteractiveTB.structured_traceback
        lines = [*as_usual(kind, problem, trace, tb_offset=tb_offset), line]
    if lines:
        problem._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython's hook
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


def _why_stopped(trace: TracebackType) -> str:
    """Return which wrong answer the cell needs that has stopped, "" where it needs none."""
    frames = [frame for frame, _ in traceback.walk_tb(trace) if in_notebook(frame)]
    source = "".join(linecache.getlines(frames[0].f_code.co_filename)) if frames else ""
    if CALLS_A_CHECK.search(source):
        return ""
    answer = _wrong_answer(_reached(names_of(source).uses))
    return answer and (
        f"This cell needs `{answer}`, whose check does not pass yet. Correct it, then run the "
        "cells from there to this one again."
    )


def _reached(names: Iterable[str]) -> frozenset[str]:
    """Return names and all that they were built on."""
    return frozenset(names).union(*(built_on.get(name, ()) for name in names))


def _wrong_answer(reached: frozenset[str]) -> str:
    """Return the first of the names whose check fails, "" where there is none."""
    return next((answer for answer in wrong if answer in reached), "")


def _why_missing(problem: NameError) -> str:
    """Return why a name is not defined and what to run; "" where that is not known."""
    if problem.name in stopped:
        return (
            f"`{problem.name}` is not defined, because the cell that defines it "
            f"{stopped[problem.name]} that cell again, then this one."
        )
    if not _raised_by_check_cell(problem):
        return ""
    if problem.name == CHECKS:
        return (
            "The first code cell of this lesson has not run since the kernel started. Choose "
            "Run > Run All Above Selected Cell, then run this cell."
        )
    return (
        f"`{problem.name}` is not defined: its cell has not run, has stopped with an error, or "
        "gives it another name. Correct and run that cell, then run this one."
    )


def _raised_by_check_cell(problem: NameError) -> bool:
    """Return whether it is a line of the check cell itself that misses a name."""
    frame, _ = list(traceback.walk_tb(problem.__traceback__))[-1]
    source = "".join(linecache.getlines(frame.f_code.co_filename))
    own_line = in_notebook(frame) and frame.f_code.co_name.startswith("<")
    return own_line and CALLS_A_CHECK.search(source) is not None


def _open_exercise(problem: BaseException) -> str:
    """Return what stopped a cell where it is an open exercise, "" otherwise."""
    if isinstance(problem, NameError):
        return stopped.get(problem.name, "")
    name = blank_function(problem)
    return f"needs `{name}`, whose exercise is not answered yet. Answer it, run" if name else ""
