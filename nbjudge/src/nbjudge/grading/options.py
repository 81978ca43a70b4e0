"""How to grade: the options of one grading, with their defaults."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from nbjudge.sandbox.wire import Limits


class Options(NamedTuple):
    """How to grade."""

    workers: int | None = None  # submissions at a time; None: one for each core
    scheduler: str | None = None  # of a Dask cluster, tls://host:port
    scheduler_without_tls: bool = False  # tcp://host:port is allowed, too
    timeout: float | None = None  # seconds a cell; None: the course's setting
    confined: bool = True  # False: what can have no sandbox runs without one
    kernel: str = ""  # the name of ordinary Jupyter kernels to use, without a sandbox
    seed: int = 0
    limits: Limits = Limits()  # what one submission may use
    notebook: str = (
        "*"  # a pattern for the names of the notebooks to grade; others stay as they are
    )
    force: bool = False  # run all cells, also those whose results are kept
    execute: bool = True  # False: run nothing, and take the outputs that were handed in
    hide: tuple[str, ...] = ()  # folders that no submission may see, beside the course's own
    moved: tuple[tuple[str, str], ...] = ()  # (cell that is gone, the one that gets its marks)
    processes: int = 1  # that share the checks of one notebook which run alone
    # Run in this process, one submission after the other, and keep the processes that cells are
    # forked from, so that the next grading need not start them: see `make_ready`.
    stay_ready: bool = False


DEFAULTS = Options()


def chosen(notebooks: Iterable[str], options: Options) -> list[str]:
    """Return the names of the notebooks that are to be graded."""
    return [name for name in notebooks if fnmatchcase(name, options.notebook)]
