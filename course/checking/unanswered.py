"""A given cell that needs an answer which is not there yet: one line in place of a traceback.

Run All in a lesson with open exercises would else show a long traceback below each such cell.
"""

import traceback
from types import TracebackType

from IPython.core.interactiveshell import InteractiveShell

from course.checking.panel import in_notebook


def shorten_tracebacks() -> None:
    """From now on, let this kernel say in one line that an exercise is not answered.

    Nothing changes outside of Jupyter's kernels. The exception stays a NotImplementedError.
    """
    if not InteractiveShell.initialized():
        return
    shell = InteractiveShell.instance()
    if getattr(shell, "kernel", None) is not None and not shell.custom_exceptions:
        shell.set_custom_exc((NotImplementedError,), _show)


def _show(
    shell: InteractiveShell,
    kind: type[BaseException],
    problem: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show an exception as IPython does, in one line if a function of the notebook raised it."""
    frame, _ = list(traceback.walk_tb(trace))[-1]
    name = frame.f_code.co_name
    if in_notebook(frame) and not name.startswith("<") and not _has_words(problem):
        line = f"`{name}` is not answered yet. Answer its exercise, then run this cell again."
        problem._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]  # IPython's hook
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


def _has_words(problem: BaseException) -> bool:
    """Return whether an exception says something itself, or a check has said it in a panel."""
    return bool(str(problem)) or hasattr(problem, "_render_traceback_")
