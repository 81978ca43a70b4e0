"""What is run and what came of it: Step, Job and Result, for sandboxes and ordinary kernels."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nbjudge.sandbox.wire import Limits, OfLesson, Output


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
    watched: tuple[str, ...] = ()  # of these, those that given cells or Python bind
    # Of a check that is judged outside the student's process: the names whose values it hands out.
    asks: tuple[str, ...] | None = None


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
    # As many sandboxes share the checks that run alone; all other steps run in each of them.
    processes: int = 1
    kernel: str = ""  # the name of an ordinary Jupyter kernel to use instead of a sandbox
    lesson: OfLesson = OfLesson()  # what the lesson does itself, and so is ordinary there
    timeouts: Mapping[str, float] = {}  # {name of a step that has a limit of its own: seconds}
    packages: tuple[str, ...] = ()  # top-level packages that a zygote imports for all assignments
    # {name of a check that is judged outside: the values that it got in an earlier run}. With
    # these no cell of the student's runs: the checks are judged, with the files `left` then.
    handed: Mapping[str, bytes] = {}
    left: Mapping[str, bytes] = {}


class Result(NamedTuple):
    """How a cell ended. `end` is "" for a cell that ran to its end, else what stopped it."""

    well: bool  # it raised nothing
    score: float | None  # partial credit of a check
    outputs: list[Output]
    seconds: float
    notes: list[str]  # findings for the instructor
    end: str = ""


class Results(list[Result]):
    """The result of each step of a job, and the files that its cells have left in their folder.

    Of a job with `handed`, only the results of those checks. `written`: {relative name: content} of
    the new and the changed files. `left_out`: how many more there were, which are links or beyond
    the bounds of sandbox/folder.py. `handed`: {check: the values that it got}.
    """

    def __init__(
        self,
        results: Iterable[Result] = (),
        written: Mapping[str, bytes] | None = None,
        left_out: int = 0,
        handed: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(results)
        self.written = dict(written or {})
        self.left_out = left_out
        self.handed = dict(handed or {})
