"""One grading: hands submissions out to workers, and what comes back to the recorder."""

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nbformat import NotebookNode

from nbjudge.coursedir import own_seeds
from nbjudge.coursedir.gradebook import GradebookWriter
from nbjudge.coursedir.own_steps import OwnSteps
from nbjudge.coursedir.results import read_record, record_of
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding, read_submission
from nbjudge.errors import KernelUnavailable, SandboxUnavailable
from nbjudge.grading.assignments import Assignments, Sources
from nbjudge.grading.options import Options, chosen
from nbjudge.grading.progress import Progress
from nbjudge.grading.recording import Recorder, Sent
from nbjudge.grading.wanted import Wanted
from nbjudge.sandbox.host import probe
from nbjudge.untrusted import one_line
from nbjudge.worker import preparing
from nbjudge.worker import submission as worker
from nbjudge.worker.cluster import run_here, run_tasks, workers_of
from nbjudge.worker.places import is_inside
from nbjudge.worker.threads import Task

UNKNOWN_STUDENT = (
    "the gradebook has no such learner, and c.Autograde.create_student is False, so nothing was "
    "graded: add the learner with `nbgrader db student add`, or correct the folder's name"
)
CONFIRMED = 5  # second tries in a row that have ended like the first
TOGETHER = 20  # submissions without work that go into the gradebook in one transaction


class Grading:
    """One run over many submissions."""

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        options: Options,
        progress: Progress,
        new_recorder: Callable[..., Recorder] = Recorder,
    ) -> None:
        self.settings = settings
        self.root = settings.root
        self.folders = settings.folders
        self.sources = sources
        self.own_steps = OwnSteps(settings)
        self.options = options
        self.progress = progress
        self.new_recorder = new_recorder
        self.workers = options.workers or os.cpu_count() or 1
        self.again: Wanted = []  # to be run once more, when all others have ended
        self.work = 0.0

    def run(self, wanted: Wanted) -> None:
        """Grade these (assignment, student)."""
        gradebook = GradebookWriter(self.settings)
        self.assignments = Assignments(self.settings, self.sources, self.options, gradebook)
        self.recorder = self.new_recorder(self.assignments, self.own_steps, self.progress)
        with self._zygote_for(wanted), gradebook:
            tasks = self._tasks(wanted)
            first = next(tasks, None)
            self.recorder.write_down()
            if first:  # if not, no cell has to run, and no workers are started
                self._need_a_sandbox()
                self._run(itertools.chain([first], tasks))
            self.recorder.write_down()

    @contextlib.contextmanager
    def _zygote_for(self, wanted: Wanted) -> Iterator[None]:
        """Start the zygote where something will probably run, because it takes longest.

        It imports while the gradebook is opened and the first submission is read. Whether a sandbox
        can be built is found out meanwhile, too.
        """
        packages = self.assignments.of_zygotes
        inside = is_inside(self.workers, self.options.scheduler)
        new = self.options.force or not all(record_of(self.root, *each).exists() for each in wanted)
        if packages is None or not (inside and new) or self.options.stay_ready:
            yield
            return
        from nbjudge.sandbox.host.fork_server import cool_down, warm_up

        warm_up(packages)
        probe.trial()
        try:
            yield
        finally:
            cool_down()

    def _run(self, tasks: Iterable[Task]) -> None:
        """Have workers run the tasks, and write down what comes of them."""
        packages = self.assignments.of_zygotes
        options = self.options
        if options.stay_ready:
            for results in run_here(tasks, packages):
                self.recorder.ended += results
                self.recorder.write_down()
            return
        with workers_of(
            self.workers, options.scheduler, packages, options.scheduler_without_tls
        ) as client:
            before = time.process_time()
            for results in run_tasks(client, tasks):
                self.recorder.ended += [each for each in results if not self._set_aside(*each)]
                self.recorder.write_down()
            self._try_again(client)
            self.work = time.process_time() - before

    def _set_aside(self, sent: Sent, result: worker.Graded | BaseException) -> bool:
        """Keep a submission for a second try if a cell was stopped, or the engine failed.

        Other submissions, or other programs, may have taken the machine's time or memory. What ran
        to its end is on record, so it does not run again.
        """
        if isinstance(result, (KernelUnavailable, SandboxUnavailable)):
            return False  # it would be the same
        if isinstance(result, worker.Graded):
            if not result.stopped:
                return False
            with contextlib.suppress(OSError, ValueError):  # then all of it runs again
                self.recorder.keep_record(sent, result.record)
        self.again.append((sent.assignment, sent.student))
        return True

    def _try_again(self, client: Any) -> None:
        """Run what was set aside once more, each submission alone, and write it down.

        If several in a row have ended as before, the others were hardly to blame, and the rest
        runs as usual: a check that is too slow for everybody must not take hours.
        """
        same = 0
        while self.again:
            some = self.again[: 1 if same < CONFIRMED else 2 * self.workers]
            del self.again[: len(some)]
            tasks = [task for task in itertools.starmap(self.task, some) if task]
            for results in run_tasks(client, tasks):
                for _, result in results:
                    ended = isinstance(result, worker.Graded) and not result.stopped
                    same = 0 if ended else same + 1
                self.recorder.ended += results
            self.recorder.write_down()

    def _need_a_sandbox(self) -> None:
        """Raise SandboxUnavailable where cells would run without one and nobody allowed that."""
        if not self.options.confined:
            return
        if self.assignments.kernel:
            raise SandboxUnavailable(
                "ordinary kernels run other people's code without a sandbox, so nothing was "
                "graded. If you trust all the code that was handed in, say --unconfined"
            )
        if self.options.scheduler:  # its workers are other machines, and say so themselves
            return
        if why := probe.missing():
            raise SandboxUnavailable(
                f"no sandbox for other people's code can be built here ({why}), so nothing was "
                "graded. Grade on Linux with user namespaces allowed; or, if you trust all the "
                "code that was handed in, say --unconfined"
            )

    def _tasks(self, wanted: Wanted) -> Iterator[Task]:
        """Yield the submissions that need a worker; those that need none go to the recorder.

        After each one that is sent, one more assignment is read: the workers wait for templates at
        first, and reading all assignments at once would let them wait longer.
        """
        remaining = list(dict.fromkeys(assignment for assignment, _ in wanted))
        for assignment, student in wanted:
            if len(self.recorder.ended) >= TOGETHER:
                self.recorder.write_down()
            if self._refused(assignment):
                self.progress.total -= 1
                continue
            task = self.task(assignment, student)
            if task is None:
                continue
            yield task
            if remaining:
                other = remaining.pop(0)
                if not self._refused(other):
                    self.assignments.get(other)

    def _refused(self, assignment: str) -> bool:
        """Return whether an assignment cannot be graded; the first time, that is a finding."""
        known = assignment in self.assignments.refusals
        refusal = self.assignments.refusal(assignment)
        if refusal and not known:
            place = self.folders.shown(self.folders.source(assignment))
            result = worker.ungraded(refusal, place)
            self.recorder.ended.append((Sent(assignment, "", None, {}), result))
        elif not known:
            place = f"source/{assignment}"
            notes = self.assignments.notes(assignment)
            findings = [Finding("", assignment, place, one_line(note)) for note in notes]
            if findings:
                self.progress.written(assignment, "", findings)
        return bool(refusal)

    def task(self, assignment: str, student: str) -> Task | None:
        """Read a submission; return None if no cell of it has to run, so that it has ended."""
        carry_files = bool(self.options.scheduler)  # whose workers may be other machines
        names = chosen(self.sources[assignment], self.options)
        others = set(self.sources[assignment]) - set(names)
        submission = read_submission(self.folders, assignment, student, names, carry_files, others)
        sent = Sent(assignment, student, submission.timestamp, submission.files)
        if not self.settings.creates_students and not self.assignments.gradebook.knows(student):
            submission = submission._replace(problem=UNKNOWN_STUDENT)
        if submission.problem:
            result = worker.ungraded(submission.problem, submission.file, submission.says)
            self.recorder.ended.append((sent, result))
            return None
        common, packed = self.assignments.get(assignment)
        if self.assignments.ask_for_seeds(assignment):
            key = own_seeds.key_of(self.root, assignment, student)
            submission = submission._replace(key=key)
        sent = sent._replace(files=dict(submission.files) | dict(common.files))
        record = "" if self.options.force else read_record(self.root, assignment, student)
        if not record and not self.own_steps.before and common.execute:
            return Task(sent, packed, submission)
        graded = self.folders.autograded(student, assignment)
        earlier = preparing.EarlierFiles(graded, carry_files)

        def own(name: str, notebook: NotebookNode) -> NotebookNode:
            resources = self.own_steps.resources(student, assignment, name)
            return self.own_steps.prepare(notebook, resources)

        prepared = preparing.prepare(common, submission, record, earlier, own)
        if prepared.has_work:
            return Task(sent, packed, prepared)
        try:
            self.recorder.ended.append((sent, worker.run(common, prepared)))
        except Exception as problem:  # of this submission's; the others are graded
            self.recorder.ended.append((sent, problem))
        return None
