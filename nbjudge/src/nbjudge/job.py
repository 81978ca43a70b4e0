"""What runs of a submission, and what came out of it: plain data, the same for every way of running it."""

from typing import NamedTuple

from nbjudge.sandbox.wire import Limits


class Step(NamedTuple):
    """A code cell to run. `alone`: it sets nothing that a later cell uses, so it can run in a fork; only checks can."""

    name: str
    source: str
    kind: str  # given, answer, added or check
    alone: bool = False
    uses: tuple = ()  # the notebook's names that a check reads
    means: tuple = ()  # names of builtins by which a check means Python's own


class Job(NamedTuple):
    """All that decides what comes out of a submission's cells."""

    steps: tuple
    files: dict  # {relative name: bytes}, what lies beside the notebook
    own: tuple  # top-level packages of the instructor's, outside the installed ones
    imports: tuple  # modules that the lesson imports
    start_files: dict  # the lesson's own files; a start is shared where `files` are just these
    seed: int = 0
    timeout: float = 120  # seconds a cell
    total: float = 1200  # seconds all cells together
    limits: tuple = tuple(Limits())
    hidden: tuple = ()  # folders of the outside that must not be seen
    confined: bool = True
    kernel: str = ""  # the name of an ordinary Jupyter kernel to use instead of a room
    packages: tuple = ()  # top-level ones that a worker imports once, for all lessons


class Done(NamedTuple):
    """How a cell ended: `end` is "" for one that ran to its end, well or not, else what stopped it."""

    well: bool
    score: float | None
    outputs: list
    seconds: float
    notes: list
    end: str = ""
