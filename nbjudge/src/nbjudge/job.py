"""What is run and what came of it: Step, Job and Result, for sandboxes and ordinary kernels."""

from collections.abc import Mapping
from typing import NamedTuple

from nbjudge.sandbox.wire import Limits, Output


class Step(NamedTuple):
    """A code cell to run.

    `alone`: no later cell uses what this one sets, so it needs to run in a fork only. This is so
    for most checks, and for no other cell.
    """

    name: str
    source: str
    kind: str  # "given", "answer", "added" or "check"
    alone: bool = False
    uses: tuple[str, ...] = ()  # the notebook's names that a check reads
    means: tuple[str, ...] = ()  # names in a check that mean Python's own builtins


class Job(NamedTuple):
    """Everything that decides the results of a notebook's cells."""

    steps: tuple[Step, ...]
    files: dict[str, bytes]  # what lies beside the notebook, by relative name
    own: tuple[str, ...]  # top-level packages of the instructor's that are not installed
    imports: tuple[str, ...]  # modules that the assignment imports
    # The instructor's files. Submissions whose `files` equal these share a template process.
    assignment_files: dict[str, bytes]
    seed: int = 0
    timeout: float = 120  # seconds for each cell
    total: float = 1200  # seconds for all cells together
    limits: Limits = Limits()
    hidden: tuple[str, ...] = ()  # folders of this machine that the sandbox must not show
    confined: bool = True
    kernel: str = ""  # the name of an ordinary Jupyter kernel to use instead of a sandbox
    timeouts: Mapping[
        str, float
    ] = {}  # {name of a step: seconds}, of those with a limit of their own
    packages: tuple[str, ...] = ()  # top-level packages that a zygote imports for all assignments


class Result(NamedTuple):
    """How a cell ended. `end` is "" for a cell that ran to its end, else what stopped it."""

    well: bool  # it raised nothing
    score: float | None  # partial credit of a check
    outputs: list[Output]
    seconds: float
    notes: list[str]  # findings for the instructor
    end: str = ""
