"""A given cell that needs an answer which is not there yet: one line in place of a traceback.

Run All in a lesson with open exercises would else show a long traceback below each such cell. A
cell that stops defines none of its later names, so the cells that need them stop as well, with a
NameError: they say which exercise is open, too.
"""

import traceback
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

from course.checking.panel import in_notebook
from nbjudge.planning.names import names_of

# {name: why the cell that would define it has stopped, and what to do first}
stopped: dict[str, str] = {}


def shorten_tracebacks() -> None:
    """From now on, let this kernel say in one line that an exercise is not answered.

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
    elif name := _open_function(problem):
        line = f"`{name}` is not answered yet. Answer its exercise, then run this cell again."
    if line:
        problem._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]  # IPython's hook
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


def _why_missing(problem: NameError) -> str:
    """Return why a name is not defined, where an earlier cell has stopped; "" otherwise."""
    if problem.name not in stopped:
        return ""
    return (
        f"`{problem.name}` is not defined, because the cell that defines it "
        f"{stopped[problem.name]} that cell again, then this one."
    )


def _open_exercise(problem: BaseException) -> str:
    """Return what stopped a cell where it is an open exercise, "" otherwise."""
    if isinstance(problem, NameError):
        return stopped.get(problem.name, "")
    name = _open_function(problem)
    return f"needs `{name}`, whose exercise is not answered yet. Answer it, run" if name else ""


def _open_function(problem: BaseException) -> str:
    """Return the function of the notebook that is not answered, "" for any other exception."""
    if not isinstance(problem, NotImplementedError) or str(problem):
        return ""
    frame, _ = list(traceback.walk_tb(problem.__traceback__))[-1]
    name = frame.f_code.co_name
    return name if in_notebook(frame) and not name.startswith("<") else ""
