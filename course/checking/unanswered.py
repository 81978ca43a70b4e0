"""A cell that needs what is not there yet: one line that says what to run, and no traceback.

Run All in a lesson with open exercises would else show a long traceback below each given cell that
needs an answer. A cell that stops defines none of its later names, so the cells that need them stop
as well, with a NameError: they say which exercise is open, too. A check whose answer cell has not
run says so. In `course lab` each kernel loads this module at its start, as an IPython extension, so
that a check which is run before the lesson's first cell says that, too.
"""

import linecache
import re
import traceback
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

from course.checking.panel import blank_function, in_notebook
from nbjudge.planning.names import names_of

# {name: why the cell that would define it has stopped, and what to do first}
stopped: dict[str, str] = {}
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
        shell.set_custom_exc((NotImplementedError, NameError), _show)
        shell.events.register("post_run_cell", note_end)


def note_end(result) -> None:
    """Note which names a cell that has stopped would have defined, and why it stopped."""
    problem = result.error_in_exec
    if problem is None or result.info is None:
        return
    reason = _open_exercise(problem) or f"has stopped with {type(problem).__name__}. Run"
    for name in names_of(result.info.raw_cell).sets or ():
        stopped[name] = reason


def _show(
    shell: InteractiveShell,
    kind: type[BaseException],
    problem: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show an exception as IPython does, in one line where an open exercise is the reason."""
    line = ""
    if hasattr(problem, "_render_traceback_"):
        pass  # a check has said it in a panel
    elif isinstance(problem, NameError):
        line = _why_missing(problem)
    elif name := blank_function(problem):
        line = f"`{name}` is not answered yet. Answer its exercise, then run this cell again."
    if line:
        problem._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]  # IPython's hook
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


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
