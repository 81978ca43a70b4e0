"""Runs the cells of notebooks. Results depend on the job alone, so they can be kept.

    ForkServer -- starts --> zygote -- forks --> template process -- forks --> submission

The zygote has imported the packages of all assignments, and a template process has run the given
cells of one. `ForkServer.run(job)` drives one submission. Many threads may call it at once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

from nbjudge.errors import ProcessLost
from nbjudge.files import overlaid
from nbjudge.job import Job, Result, Results, Step
from nbjudge.planning.beside import modules_beside
from nbjudge.sandbox import wire
from nbjudge.sandbox.host.forking_process import ForkingProcess
from nbjudge.sandbox.host.outside import judge_outside
from nbjudge.sandbox.host.process_table import runs
from nbjudge.sandbox.host.results import DEADLY, OutputRation, clean_outputs, stopped
from nbjudge.sandbox.host.session import Session
from nbjudge.sandbox.host.zygote_process import AHEAD, ZygoteProcess, start_zygote

IDLE_TEMPLATES = 2  # template processes that are kept while nobody uses them
ATTEMPTS = 3  # of a job, when processes of the engine's own are lost
SESSIONS = 5  # of one job: after so many lost processes its other cells do not run
TemplateKey: TypeAlias = tuple[object, ...]


class ForkServer:
    """A zygote and what is forked from it. `close`, or leaving the `with` block, ends them."""

    def __init__(self) -> None:
        self.process: ZygoteProcess | None = None
        self.zygote: ForkingProcess | None = None
        self.packages: set[str] = set()  # that the zygote imports
        self.templates: dict[TemplateKey, ForkingProcess] = {}  # the last used is the last
        self.closed = False
        # The lock of all fields above; notified when a template has one user less.
        self.changed = threading.Condition()

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes. Jobs that still run raise ProcessLost.

        The next zygote imports what the next grading needs: PyTorch would take seconds for nothing.
        """
        self.closed = True
        with self.changed:
            self._end_all()
            self.packages = set()

    def warm_up(self, packages: Iterable[str]) -> None:
        """Start a zygote with these packages, unless there is one.

        It imports top-level packages only, and none of the instructor's. So an assignment that
        does not use a package runs as if it had not been imported.
        """
        with self.changed:
            self.closed = False
            self._need_zygote(set(packages))

    def run(self, job: Job) -> Results:
        """Run the job's steps; return a Result for each, and the files that they have left.

        Raises SandboxUnavailable where no sandbox can be built, and ProcessLost where processes of
        the engine's own were lost again and again, perhaps because memory was short.
        """
        for _ in range(ATTEMPTS - 1):
            with contextlib.suppress(ProcessLost, OSError, ValueError):
                return self._run(job)
        return self._run(job)

    def make_ready(self, job: Job) -> None:
        """Start the template process that `run` uses for this job, and wait for its given cells.

        Raises ProcessLost as `run` does, and after `close`.
        """
        with self._template(job, shared_cells(job)):
            pass

    def _run(self, job: Job) -> Results:
        """Run a job once. If the given cells fail in a template, each submission runs its own."""
        for given in dict.fromkeys((shared_cells(job), ())):
            with self._template(job, given) as (template, report):
                if report["well"]:
                    return run_job(template, report, job, len(given))
        template.lost = True
        raise ProcessLost("an empty notebook does not start")

    # ---- the zygote ----

    def _need_zygote(self, packages: set[str]) -> ForkingProcess:
        """Return the zygote, a new one if it is gone or lacks a package."""
        running = self.process is not None and self.process.runs
        if running and self.zygote and not self.zygote.lost:
            if packages <= self.packages:
                return self.zygote
            self.changed.wait_for(lambda: not self._in_use())
        if self.closed:
            raise ProcessLost("the grading has ended")
        self._end_all()
        self.packages |= packages
        self.zygote = self._start_zygote()
        return self.zygote

    def _in_use(self) -> bool:
        return any(template.users for template in self.templates.values())

    def _start_zygote(self) -> ForkingProcess:
        self.process = AHEAD.take(self.packages) or start_zygote(self.packages)
        return ForkingProcess(self.process.pid, self.process.sock)

    def _end_all(self) -> None:
        for template in self.templates.values():
            template.end()
        self.templates = {}
        if self.process:
            self.process.end()
        self.process = self.zygote = None

    # ---- template processes ----

    @contextlib.contextmanager
    def _template(
        self, job: Job, given: tuple[str, ...]
    ) -> Iterator[tuple[ForkingProcess, wire.TemplateReport]]:
        """Yield a template process that has run these given cells, and its report."""
        files = tuple(sorted(job.assignment_files.items()))
        key = (given, job.imports, files, job.lesson, job.seed)
        with self.changed:
            zygote = self._need_zygote(set(job.packages))
            template = self.templates.pop(key, None)
            if template and template.lost:
                template.end()
                template = None
            if template is None:
                self._end_idle_templates()
                template = ForkingProcess(*zygote.fork(template_order(job, given)))
            self.templates[key] = template
            template.users += 1
        try:
            longest = max([job.timeout, *job.timeouts.values()])
            yield template, template.wait_for_report(longest * (len(given) + 1))
        finally:
            with self.changed:
                template.users -= 1
                self.changed.notify_all()

    def _end_idle_templates(self) -> None:
        """End the templates that were unused for longest, so that there is room for one more."""
        too_many = len(self.templates) + 1 - IDLE_TEMPLATES
        idle = [key for key, template in self.templates.items() if not template.users]
        for key in idle[: max(0, too_many)]:
            self.templates.pop(key).end()


FORK_SERVER = ForkServer()  # the one of this worker's process


def warm_up(packages: Iterable[str]) -> None:
    """On a worker: start its zygote, which imports while the worker itself still does."""
    FORK_SERVER.warm_up(packages)


def cool_down() -> None:
    """On a worker: end the zygote and all that is forked from it."""
    FORK_SERVER.close()


def template_order(job: Job, given: tuple[str, ...]) -> wire.TemplateOrder:
    """Return the order that makes a template process with these given cells."""
    return wire.TemplateOrder(
        cells=given,
        imports=job.imports,
        files=job.assignment_files,
        own=job.own,
        beside=tuple(sorted(modules_beside(job.assignment_files))),
        lesson=job.lesson,
        seed=job.seed,
    )


def shared_cells(job: Job) -> tuple[str, ...]:
    """Return the sources of the given cells before the first of the student's.

    A template may run them for all submissions. There are none if the submission's files differ
    from the assignment's, because the cells may read files.
    """
    if job.files != job.assignment_files:
        return ()
    sources = []
    for step in job.steps:
        if step.kind != "given":
            break
        sources.append(step.source)
    return tuple(sources)


class Part(NamedTuple):
    """What came of a job's steps in one of the processes that share them."""

    results: dict[int, Result]  # {index of a step: its result}
    handed: dict[int, bytes]  # {index of a check that is judged outside: its values}
    written: Mapping[str, bytes]
    left_out: int


def run_job(template: ForkingProcess, report: wire.TemplateReport, job: Job, given: int) -> Results:
    """Run a job; the template has run its first `given` cells."""
    if job.handed:
        return judge_again(template, job, given)
    owners: dict[int, int] = {}

    def run_part(number: int) -> Part:
        share = Share(job.steps, owners, number)
        return run_in_sessions(template, report, job, given, share)

    count = max(1, min(job.processes, sum(step.alone for step in job.steps)))
    with ThreadPoolExecutor(count) as pool:
        first, *others = pool.map(run_part, range(count))
    results, handed = dict(first.results), dict(first.handed)
    for part in others:
        results = part.results | results
        handed = part.handed | handed
    values = {
        job.steps[place].name: value
        for place, value in handed.items()
        if not results[place].notes  # else the instructor is to read them the next time, too
    }
    for place, judged in judge_outside(template, job, given, handed, first.written).items():
        results[place] = judged._replace(notes=[*results[place].notes, *judged.notes])
    given_up = stopped("given up", job.timeout, 0)
    found = [results.get(place, given_up) for place in range(len(job.steps))]
    return Results(found, first.written, first.left_out, values)


def judge_again(template: ForkingProcess, job: Job, given: int) -> Results:
    """Judge checks on the values and the files that an earlier run has left."""
    handed = {}
    for place, step in enumerate(job.steps):
        if step.name in job.handed:
            handed[place] = job.handed[step.name]
    judged = judge_outside(template, job, given, handed, job.left)
    return Results([judged[place] for place in handed])


class Share:
    """What one of several processes runs of a job.

    A check that runs alone is run by the first process that comes to it. The first process runs
    all other steps as well, and each other one those that come before a check of its own. Checks
    that are judged outside belong to the first, whose files are those that are kept.
    """

    def __init__(self, steps: Sequence[Step], owners: dict[int, int], number: int) -> None:
        self.steps = steps
        self.owners = owners  # {index of a check: number of its process}; all shares have this one
        self.number = number

    def holds(self, place: int) -> bool:
        """Return whether this process runs the step with this index."""
        if self.steps[place].alone:
            return self._may_take(place) and (
                self.owners.setdefault(place, self.number) == self.number
            )
        later = range(place + 1, len(self.steps))
        return self.number == 0 or any(
            self.steps[other].alone and self._may_take(other) for other in later
        )

    def _may_take(self, place: int) -> bool:
        """Return whether a check is this process's, or still nobody's."""
        outside = self.steps[place].asks is not None
        return self.owners.get(place, 0 if outside else self.number) == self.number


def run_in_sessions(
    template: ForkingProcess,
    report: wire.TemplateReport,
    job: Job,
    given: int,
    share: Share,
) -> Part:
    """Run the share of one process of a job.

    When a cell ends the notebook's process, the other cells run in a new process, without it. What
    it had written by then counts as well.
    """
    results = results_of_given(report)
    handed: dict[int, bytes] = {}
    written: dict[str, bytes] = {}
    left_out = 0
    seed = None if given else job.seed
    left = job.total
    for _ in range(SESSIONS):
        with Session(template, job, seed) as session:
            run_steps(session, job, results, handed, given, left, share)
            lost = session.over
            files, count = session.written()
            written = overlaid(written, files)
            left_out = max(left_out, count)
        if lost and not runs(template.pid):
            raise ProcessLost("the process that the sandbox was forked from is gone")
        left -= session.counted
        if not lost or left <= 0:
            break
    return Part(results, handed, written, left_out)


def results_of_given(report: wire.TemplateReport) -> dict[int, Result]:
    """Return {index: Result} of the cells that a template has run.

    Their time counts for the first submission only, because they run once for all.
    """
    seconds = report["seconds"] or [0.0] * len(report["outputs"])
    report["seconds"] = []
    results = {}
    for place, outputs in enumerate(report["outputs"]):
        results[place] = Result(True, None, clean_outputs(outputs), seconds[place], [])
    return results


def run_steps(
    session: Session,
    job: Job,
    results: dict[int, Result],
    handed: dict[int, bytes],
    given: int,
    seconds: float,
    share: Share,
) -> None:
    """Run steps until the process is gone or the time is over, and put their results in `results`.

    `seconds`: the time for all steps, in which waiting for a core does not count.

    The values that are handed out for a check which is judged outside go into `handed`, and its
    result is a placeholder. In a second process, checks that run alone and have a result are not
    repeated; all other cells are, because later cells depend on them.
    """
    ration = OutputRation()
    for place, step in enumerate(job.steps):
        if place < given:
            continue
        if not share.holds(place):
            continue
        earlier = results.get(place)
        if earlier and (step.alone or earlier.end in DEADLY):
            continue
        left = seconds - session.counted
        limit = job.timeouts.get(step.name, job.timeout)
        result = ration.keep(session.run(step, min(limit, left)))
        results[place] = result
        handed.pop(place, None)
        if session.handed is not None:
            handed[place] = session.handed
        if session.over or session.counted > seconds:
            break
