"""Grading: what to run, in which order, and what is recorded.

submitted/STUDENT/ASSIGNMENT/ is only read. The gradebook and autograded/ are the course's own, so
nbgrader's formgrader, feedback and export go on from here. What ran is kept in .grading/, and runs
again only where something that it depends on has changed.
"""

import contextlib
import errno
import itertools
import json
import os
import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode
from nbgrader.preprocessors import Execute, LimitOutput
from nbgrader.utils import find_all_files
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from nbjudge.coursedir import hand_marks, own_seeds
from nbjudge.coursedir.assignments import imports_of, read_sources, register
from nbjudge.coursedir.failures import NO_NUMBER
from nbjudge.coursedir.folders import Folders
from nbjudge.coursedir.gradebook import GradebookWriter, GradedSubmission, told_what_to_do
from nbjudge.coursedir.modules import own_modules, packages_of, read_code, top_level
from nbjudge.coursedir.own_steps import OwnSteps
from nbjudge.coursedir.pipeline import Made
from nbjudge.coursedir.results import (
    PRIVATE,
    only_one,
    read_record,
    record_of,
    write_autograded,
)
from nbjudge.coursedir.settings import Settings, read_settings, timeouts_of
from nbjudge.coursedir.submissions import (
    Finding,
    misnamed,
    read_submission,
    stamp_of,
    students_of,
)
from nbjudge.errors import (
    CourseError,
    KernelUnavailable,
    SandboxUnavailable,
    SubmissionError,
)
from nbjudge.files import overlaid, replace_text
from nbjudge.planning.steps import of_lesson, with_solutions
from nbjudge.sandbox.host import probe
from nbjudge.sandbox.wire import Limits
from nbjudge.untrusted import one_line, shown
from nbjudge.worker import cluster
from nbjudge.worker import submission as worker
from nbjudge.worker.cluster import run_here, run_tasks, workers_of
from nbjudge.worker.kernels import foreign_kernel, installed, is_missing, other_python
from nbjudge.worker.threads import Task

Wanted = list[tuple[str, str]]  # [(assignment, student)]
Sources = Mapping[str, Mapping[str, NotebookNode]]  # {assignment: {notebook: the instructor's}}
# (done, total, student, findings, assignment); the student is "" for what is about all of it
Tell = Callable[[int, int, str, list[Finding], str], object]


class Outcome(NamedTuple):
    """What a grading came to."""

    graded: Wanted
    findings: list[Finding]
    cells: int = 0  # that ran; all others were kept from earlier runs
    work: float = 0  # CPU seconds of this process itself while submissions ran

    @property
    def clean(self) -> bool:
        """Whether all that was handed in is graded, however odd it was."""
        return not any(finding.blocks for finding in self.findings)


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


def tell_nobody(
    done: int,
    total: int,
    student: str,
    findings: list[Finding],
    assignment: str,
) -> None:
    """Take the news of a grading and do nothing."""


def grade(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
    tell: Tell = tell_nobody,
) -> Outcome:
    """Grade all submissions to the assignments, or those of some students.

    `tell(done, total, student, findings, assignment)` is called before the first submission and
    after each, when its marks are in the gradebook.
    Raises CourseError, SandboxUnavailable or SchedulerError where nothing can be graded at all.
    """
    return grade_course(read_settings(root), assignments, students, options, tell)


def grade_course(
    settings: Settings,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
    tell: Tell = tell_nobody,
    kind: Callable[..., "Grading"] | None = None,
) -> Outcome:
    """Do what `grade` does, for a course whose settings are read already.

    `kind` makes the Grading, where it is to be another one.
    """
    root = settings.root
    with told_where_to_make_room(root), told_what_to_do(settings), only_one(root):
        findings: list[Finding] = []
        sources = {}
        for assignment in assignments:
            notebooks, problems = read_sources(settings.folders, assignment)
            findings += problems
            if notebooks and not chosen(notebooks, options):
                findings.append(no_such_notebook(settings, assignment, notebooks, options))
            elif notebooks:
                sources[assignment] = notebooks
        wanted, problems = submissions_to_grade(settings.folders, list(sources), students)
        findings += problems
        tell(0, len(wanted), "", findings, "")
        progress = Progress(len(wanted), findings, tell)
        grading = (kind or Grading)(settings, sources, options, progress)
        grading.run(interleaved(wanted, grading.workers))
    # Sorted, because submissions end in another order each time.
    graded = sorted(progress.graded)
    findings.sort(key=lambda finding: (finding.assignment, finding.student))
    return Outcome(graded, findings, grading.cells, grading.work)


def make_ready(
    root: Path | str, assignment: str, imports: Iterable[str], options: Options = DEFAULTS
) -> None:
    """Start what an assignment's submissions are forked from, for `grade` with `stay_ready`.

    `imports`: modules of other assignments that will be graded, too, so that the zygote need not
    be started again for these. Nothing is started where no sandbox is used, or the assignment
    cannot be graded: `grade` says why. Raises CourseError as `grade` does.
    """
    settings = read_settings(root)
    with told_where_to_make_room(settings.root), told_what_to_do(settings), only_one(settings.root):
        sources, _ = read_sources(settings.folders, assignment)
        with GradebookWriter(settings) as gradebook:
            assignments = Assignments(settings, {assignment: sources}, options, gradebook)
            if sources and not assignments.refusal(assignment):
                common, _ = assignments.get(assignment)
                packages = packages_of([*common.imports, *imports])
                worker.make_ready(common._replace(packages=tuple(sorted(packages))))


def chosen(notebooks: Iterable[str], options: Options) -> list[str]:
    """Return the names of the notebooks that are to be graded."""
    return [name for name in notebooks if fnmatchcase(name, options.notebook)]


def no_such_notebook(
    settings: Settings, assignment: str, notebooks: Iterable[str], options: Options
) -> Finding:
    """Return the finding on a pattern that no notebook of an assignment has."""
    sentence = (
        f"no notebook of it is called {options.notebook}, so nothing was graded: choose one of "
        f"{', '.join(notebooks)}"
    )
    place = settings.folders.shown(settings.folders.source(assignment))
    return Finding("", assignment, place, sentence, True)


def submissions_to_grade(
    folders: Folders,
    assignments: list[str],
    students: Collection[str] | None,
) -> tuple[Wanted, list[Finding]]:
    """Return ([(assignment, student)], findings on those who have not handed in).

    `students` None: all who have.
    """
    wanted = []
    findings = []
    for assignment in assignments:
        present = students_of(folders, assignment)
        for student in present if students is None else students:
            if student in present:
                wanted.append((assignment, student))
                continue
            place = shown(folders.shown(folders.submitted(student, assignment)))
            sentence = (
                "there is no such folder, so nothing was graded: "
                "collect the submission or correct the name"
            )
            findings.append(Finding(shown(student), assignment, place, sentence, True))
        odd = misnamed(folders, assignment) if students is None else []
        findings += odd
        if students is None and not present and not odd:
            place = folders.shown(folders.submitted("*", assignment))
            sentence = "nobody has handed this lesson in: collect the submissions"
            findings.append(Finding("", assignment, place, sentence, True))
    return wanted, findings


# The first submission of the next assignment is sent when so many submissions for each worker are
# still to run: making its template process may take as long as four submissions.
AHEAD = 4


def interleaved(wanted: Wanted, workers: int) -> Wanted:
    """Return the same submissions, with the first of each assignment before the end of the last.

    The first submission of an assignment makes its template process. It is sent early, so that the
    other workers still have something to do meanwhile. The second assignment begins at once, on the
    second worker. No assignment begins before the previous one has, because a worker keeps only two
    idle template processes.
    """
    found: Wanted = []
    begun = 0  # number of submissions when the assignment before had begun
    for number, (_, group) in enumerate(itertools.groupby(wanted, key=lambda each: each[0])):
        first, *others = group
        place = 1 if number == 1 else max(begun + workers, len(found) - AHEAD * workers)
        found.insert(place, first)
        begun = len(found)
        found += others
    return found


CANNOT_WRITE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
}


@contextlib.contextmanager
def told_where_to_make_room(root: Path) -> Iterator[None]:
    """Turn an OSError that keeps results from being written into a CourseError."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in CANNOT_WRITE:
            raise
        raise CourseError(
            f"{problem.filename or root} cannot be written ({problem.strerror}): make room there, "
            "or allow it; what is graded so far is kept; run the same command again, it goes on "
            "from there"
        ) from problem


class Progress:
    """How far a grading is; calls `tell` after each submission."""

    def __init__(
        self,
        total: int,
        findings: list[Finding],
        tell: Tell,
    ) -> None:
        self.total = total
        self.findings = findings
        self.tell = tell
        self.graded: Wanted = []
        self.failed = 0

    def written(
        self,
        assignment: str,
        student: str,
        findings: list[Finding],
    ) -> None:
        """Take note that a submission is written down; `student` "" for a whole assignment."""
        self.findings += findings
        if student and any(finding.blocks for finding in findings):
            self.failed += 1
        elif student:
            self.graded.append((assignment, student))
        done = len(self.graded) + self.failed
        self.tell(done, self.total, student, findings, assignment)


class Sent(NamedTuple):
    """A submission that a worker has, with what the worker does not need."""

    assignment: str
    student: str
    timestamp: datetime | None
    files: Mapping[str, bytes | Path]  # what lies beside the notebooks


# ---- assignments -----------------------------------------------------------------------------


def common_packages(sources: Sources) -> tuple[str, ...]:
    """Return the installed packages that at least half of the assignments import.

    Workers import them once. The other packages are imported for the assignments that use them
    only, because each imported library makes every fork slower.
    """
    counts: Counter[str] = Counter()
    for notebooks in sources.values():
        counts.update(packages_of(imports_of(notebooks)))
    return tuple(sorted(name for name, count in counts.items() if 2 * count >= len(sources)))


def no_sandbox_for(notebook: str, kernel: str) -> str:
    """Return why a notebook with this kernel is not graded unless --unconfined was said."""
    trusting = "if you trust all the code that was handed in, say --unconfined"
    if python := other_python(kernel):
        return (
            f"{notebook}.ipynb needs the kernel `{kernel}`, which is another Python ({python}) "
            f"than nbjudge's own ({sys.executable}), and only this one can be run in a sandbox, so "
            f"nothing was graded: install nbjudge beside that Python and grade with it; or, "
            f"{trusting}"
        )
    return (
        f"{notebook}.ipynb needs the kernel `{kernel}`, and only Python can be run in a "
        f"sandbox, so nothing was graded: {trusting}"
    )


def kernel_wherever(options: Options) -> str:
    """Return the ordinary kernel that all notebooks use, "" if they run in a sandbox."""
    can_fork = hasattr(os, "fork") and sys.platform == "linux"
    return options.kernel or ("" if can_fork else "python3")


class Assignments:
    """The assignments of a grading, each registered and read when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        options: Options,
        gradebook: GradebookWriter,
    ) -> None:
        self.settings = settings
        self.sources = sources
        self.options = options
        self.gradebook = gradebook
        self.kernel = kernel_wherever(options)
        self.packages = common_packages(sources)
        self.refusals: dict[str, str] = {}
        self.changes: dict[str, list[str]] = {}  # what was said of cells that have changed
        self.made: dict[str, Made] = {}
        self.seeded: dict[str, bool] = {}  # whether checks call own_seed()
        self.read: dict[str, tuple[worker.Assignment, bytes]] = {}

    @property
    def of_zygotes(self) -> tuple[str, ...] | None:
        """The packages that zygotes import; None where ordinary kernels run."""
        return None if self.kernel else self.packages

    def refusal(self, name: str) -> str:
        """Return why an assignment cannot be graded, "" where it can."""
        if name not in self.refusals:
            refusal = self._kernel_refusal(name)
            made = refusal or register(
                self.settings,
                name,
                self.sources[name],
                dict(self.options.moved),
                self.changes.setdefault(name, []),
            )
            if isinstance(made, Made):
                self.made[name] = made
            else:
                refusal = made
            self.refusals[name] = refusal
        return self.refusals[name]

    def _kernel_refusal(self, name: str) -> str:
        """Return why an assignment's kernels cannot be used, "" where they can."""
        for notebook, source in self.sources[name].items():
            kernel = self._kernel_of(source)
            if not kernel:
                continue
            here = installed()
            # a cluster's workers may be other machines, and say themselves what they lack
            if kernel not in here and not self.options.scheduler:
                return (
                    f"{notebook}.ipynb needs the kernel `{kernel}`, which is not installed, so "
                    f"nothing was graded (expected one of {', '.join(here) or 'none'}): install "
                    "it, or correct the notebook's kernel"
                )
            if self.options.confined and not self.kernel:
                return no_sandbox_for(notebook, kernel)
        return ""

    def notes(self, name: str) -> list[str]:
        """Return what there is to say about an assignment that can be graded."""
        found = [*self.changes.get(name, ()), *own_seeds.without_effect(self.sources[name])]
        for notebook, source in self.sources[name].items():
            kernel = "" if self._kernel_of(source) else is_missing(source.metadata)
            if kernel:
                found.append(
                    f"{notebook}.ipynb names the kernel `{kernel}`, which is not installed; it is "
                    f"graded with nbjudge's own Python, {sys.executable}: see that this one has "
                    "the course's packages"
                )
        return found

    def ask_for_seeds(self, name: str) -> bool:
        """Return whether checks of an assignment that can be graded call `own_seed()`."""
        if name not in self.seeded:
            self.seeded[name] = own_seeds.ask_for_seeds(self.made[name].graded.values())
        return self.seeded[name]

    def get(self, name: str) -> tuple[worker.Assignment, bytes]:
        """Return the assignment, and the same as a pickle."""
        if name not in self.read:
            assignment = self._read(name)
            self.read[name] = assignment, pickle.dumps(assignment)
        return self.read[name]

    def _read(self, name: str) -> worker.Assignment:
        sources, given = self.made[name]
        solved = {
            key: with_solutions(graded, self.sources[name][key]) for key, graded in sources.items()
        }
        files = self._files(name)
        imports = imports_of(sources)
        limit = LimitOutput(config=self.settings.config)
        timeouts = {} if self.options.timeout else timeouts_of(self.settings, sources)
        return worker.Assignment(
            name=name,
            sources=sources,
            given=given,
            checksums={key: self.gradebook.checksums_of(name, key) for key in sources},
            files=files,
            file_digests=worker.digests_of(files),
            imports=imports,
            packages=self.packages,
            own=tuple(sorted(top_level(own_modules(imports)))),
            lesson=of_lesson(solved.values()),
            solved=solved,
            code=read_code(imports),
            kernels={key: self._kernel_of(source) for key, source in sources.items()},
            skip=self.settings.skip,
            options=self._run_options(timeouts),
            timeouts=timeouts,
            execute=self.options.execute and Execute(config=self.settings.config).enabled,
            trim={"max_lines": limit.max_lines, "max_traceback": limit.max_traceback},
        )

    def _files(self, name: str) -> dict[str, bytes]:
        """Return {name: bytes} of what the instructor laid beside the source notebooks."""
        folder = self.settings.folders.source(name)
        students_own = self.settings.students_own.get(name, [])
        ignored = [*self.settings.directory.ignore, "*.ipynb"]
        files = {}
        for path in map(Path, find_all_files(str(folder), ignored)):
            inside = path.relative_to(folder).as_posix()
            if inside not in students_own:
                files[inside] = path.read_bytes()
        return files

    def _run_options(self, timeouts: Mapping[str, Mapping[str, float]]) -> worker.RunOptions:
        timeout = self.options.timeout or self.settings.timeout
        longest = max([timeout, *(max(each.values(), default=0) for each in timeouts.values())])
        return worker.RunOptions(
            seed=self.options.seed,
            timeout=timeout,
            total=10 * longest,
            hidden=self._hidden(),
            limits=self.options.limits,
            confined=self.options.confined,
            processes=self.options.processes,
        )

    def is_handed_in(self, name: str, module: str) -> bool:
        """Return whether a module may be one that students write: the source has it, or names it.

        A lesson that lets them write `tools.py` says so, or holds the instructor's own.
        """
        folder = self.settings.folders.source(name)
        if (folder / module).exists() or (folder / f"{module}.py").exists():
            return True
        texts = [cell.source for source in self.sources[name].values() for cell in source.cells]
        return any(f"{module}.py" in text for text in texts)

    def _hidden(self) -> tuple[str, ...]:
        """Return the folders that no submission may see."""
        root = self.settings.root
        folders = [*(root / folder for folder in PRIVATE), *self.settings.folders.private()]
        folders += map(Path, self.options.hide)
        return tuple(dict.fromkeys(map(str, folders)))

    def _kernel_of(self, source: NotebookNode) -> str:
        return self.kernel or foreign_kernel(source.metadata)


# ---- submissions -----------------------------------------------------------------------------


UNKNOWN_STUDENT = (
    "the gradebook has no such learner, and c.Autograde.create_student is False, so nothing was "
    "graded: add the learner with `nbgrader db student add`, or correct the folder's name"
)
SEE_THE_LESSON = (
    "the lesson's own cells need `{package}`, which is not installed, so nothing was graded: this "
    "is not the learner's fault, see what is said of the lesson"
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
    ) -> None:
        self.settings = settings
        self.root = settings.root
        self.folders = settings.folders
        self.sources = sources
        self.own_steps = OwnSteps(settings)
        self.options = options
        self.progress = progress
        self.workers = options.workers or os.cpu_count() or 1
        self.ended: list[tuple[Sent, worker.Graded | BaseException]] = []  # not written down yet
        self.again: Wanted = []  # to be run once more, when all others have ended
        self.cells = 0
        self.work = 0.0
        self.missing: set[tuple[str, str]] = set()  # (assignment, package) that was told

    def run(self, wanted: Wanted) -> None:
        """Grade these (assignment, student)."""
        with GradebookWriter(self.settings) as self.gradebook:
            self.assignments = Assignments(
                self.settings, self.sources, self.options, self.gradebook
            )
            with self._zygote_for(wanted):
                tasks = self._tasks(wanted)
                first = next(tasks, None)
                self._write_down()
                if first:  # if not, no cell has to run, and no workers are started
                    self._need_a_sandbox()
                    self._run(itertools.chain([first], tasks))
            self._write_down()

    @contextlib.contextmanager
    def _zygote_for(self, wanted: Wanted) -> Iterator[None]:
        """Start the zygote where something will probably run, because it takes longest.

        It imports while the first submission is read.
        """
        packages = self.assignments.of_zygotes
        is_inside = cluster.is_inside(self.workers, self.options.scheduler)
        new = self.options.force or not all(record_of(self.root, *each).exists() for each in wanted)
        if packages is None or not (is_inside and new) or self.options.stay_ready:
            yield
            return
        from nbjudge.sandbox.host.fork_server import cool_down, warm_up

        warm_up(packages)
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
                self.ended += results
                self._write_down()
            return
        with workers_of(
            self.workers, options.scheduler, packages, options.scheduler_without_tls
        ) as client:
            before = time.process_time()
            for results in run_tasks(client, tasks):
                self.ended += [each for each in results if not self._set_aside(*each)]
                self._write_down()
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
                self._keep_record(sent, result.record)
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
            tasks = [task for task in itertools.starmap(self._task, some) if task]
            for results in run_tasks(client, tasks):
                for _, result in results:
                    ended = isinstance(result, worker.Graded) and not result.stopped
                    same = 0 if ended else same + 1
                self.ended += results
            self._write_down()

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
        """Yield the submissions that need a worker; those that need none go into `self.ended`.

        After the first one is sent, all assignments are read, while the zygote imports packages.
        """
        remaining = list(dict.fromkeys(assignment for assignment, _ in wanted))
        for assignment, student in wanted:
            if len(self.ended) >= TOGETHER:
                self._write_down()
            if self._refused(assignment):
                self.progress.total -= 1
                continue
            task = self._task(assignment, student)
            if task is None:
                continue
            yield task
            while remaining:
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
            self.ended.append((Sent(assignment, "", None, {}), result))
        elif not known:
            place = f"source/{assignment}"
            notes = self.assignments.notes(assignment)
            findings = [Finding("", assignment, place, one_line(note)) for note in notes]
            if findings:
                self.progress.written(assignment, "", findings)
        return bool(refusal)

    def _task(self, assignment: str, student: str) -> Task | None:
        """Read a submission; return None if no cell of it has to run, so that it has ended."""
        carry_files = bool(self.options.scheduler)  # whose workers may be other machines
        names = chosen(self.sources[assignment], self.options)
        others = set(self.sources[assignment]) - set(names)
        submission = read_submission(self.folders, assignment, student, names, carry_files, others)
        sent = Sent(assignment, student, submission.timestamp, submission.files)
        if not self.settings.creates_students and not self.gradebook.knows(student):
            submission = submission._replace(problem=UNKNOWN_STUDENT)
        if submission.problem:
            result = worker.ungraded(submission.problem, submission.file, submission.says)
            self.ended.append((sent, result))
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
        earlier = worker.EarlierFiles(graded, carry_files)

        def own(name: str, notebook: NotebookNode) -> NotebookNode:
            resources = self.own_steps.resources(student, assignment, name)
            return self.own_steps.prepare(notebook, resources)

        prepared = worker.prepare(common, submission, record, earlier, own)
        if prepared.has_work:
            return Task(sent, packed, prepared)
        try:
            self.ended.append((sent, worker.run(common, prepared)))
        except Exception as problem:  # of this submission's; the others are graded
            self.ended.append((sent, problem))
        return None

    def _write_down(self) -> None:
        """Write down what has ended, notebooks before marks, and tell of it."""
        written = []
        for sent, result in self.ended:
            written.append((sent, self._write_results(sent, self._graded(sent, result))))
        self.ended.clear()
        problems = self._record([(sent, graded) for sent, graded in written if not graded.problem])
        for sent, graded in written:
            problem = problems.get((sent.assignment, sent.student))
            if problem:
                graded = self._ungraded(sent, problem, "", graded.says)
            findings = findings_on(sent, graded, self.folders)
            findings += self._on_assignment(sent.assignment, graded)
            self.progress.written(sent.assignment, sent.student, findings)

    def _on_assignment(self, assignment: str, graded: worker.Graded) -> list[Finding]:
        """Return findings on the instructor's own cells that no earlier submission has brought."""
        found = []
        for name, marks in graded.marks.items():
            for check in marks.no_numbers:
                place = f"source/{assignment}/{name}.ipynb"
                finding = Finding("", assignment, place, NO_NUMBER.format(check))
                if finding not in self.progress.findings:
                    found.append(finding)
        return found

    def _answers(self, sent: Sent, result: worker.Graded) -> hand_marks.Answers:
        """Return what the marks of a submission are for."""
        common, _ = self.assignments.get(sent.assignment)
        own = {name: digest for name, digest in result.digests.items() if name not in common.files}
        answers = {name: marks.answers for name, marks in result.marks.items()}
        return hand_marks.with_files(answers, own)

    def _graded(self, sent: Sent, result: worker.Graded | BaseException) -> worker.Graded:
        """Return what is to be written down, an exception turned into a sentence."""
        if isinstance(result, BaseException):
            if isinstance(result, KernelUnavailable):
                return worker.ungraded(f"{result}; nothing was graded", "")
            problem = (
                f"no worker could run it ({type(result).__name__}: {str(result)[:200]}), "
                "so nothing was graded: try again"
            )
            return self._ungraded(sent, problem)
        if result.problem:
            return self._ungraded(sent, result.problem, result.file, result.says)
        for package, cell in result.lacks.items():
            if not self.assignments.is_handed_in(sent.assignment, package):
                self._tell_of_missing(sent.assignment, package, cell)
                return self._ungraded(sent, SEE_THE_LESSON.format(package=package))
        return result

    def _tell_of_missing(self, assignment: str, package: str, cell: str) -> None:
        """Say once that a package is missing which the assignment's own cells import."""
        if (assignment, package) in self.missing:
            return
        self.missing.add((assignment, package))
        sentence = (
            f"its cell `{cell}` imports `{package}`, which is not installed where submissions run, "
            f"so nothing was graded: install it with `{sys.executable} -m pip install`, or correct "
            "the cell; then run the same command again"
        )
        place = self.folders.shown(self.folders.source(assignment))
        self.progress.written(assignment, "", [Finding("", assignment, place, sentence, True)])

    def _ungraded(
        self,
        sent: Sent,
        problem: str,
        file: str = "",
        says: Iterable[str] = (),
    ) -> worker.Graded:
        """Return what is to be said of a submission that cannot be graded."""
        earlier = self.folders.autograded(sent.student, sent.assignment)
        if sent.student and any(earlier.glob("*.ipynb")):
            problem = f"{problem}; the earlier grading stays as it is"
        return worker.ungraded(problem, file, says)

    def _write_results(self, sent: Sent, result: worker.Graded) -> worker.Graded:
        """Write the executed notebooks of a submission, then its record; return what to tell.

        What one submission holds may be impossible to write, such as a file that is gone by now.
        Then nothing of it is written. Raises OSError where nothing can be written at all.
        """
        if result.problem:
            return result
        assignment, student, _, files = sent
        submitted = self.folders.submitted(student, assignment)
        stamp = stamp_of(submitted)
        target = self.folders.autograded(student, assignment)
        others = set(self.sources[assignment]) - set(chosen(self.sources[assignment], self.options))
        files = overlaid(files, result.written)
        try:
            result = self._finished(sent, result)
            texts = earlier_notebooks(target, others) | result.notebooks
            write_autograded(self.settings, target, texts, files, stamp)
            record = result.record
            if others:
                record = with_notebooks(record, read_record(self.root, assignment, student), others)
            self._keep_record(sent, record)
        except SubmissionError as reason:
            return self._ungraded(sent, str(reason), "", result.says)
        except Exception as problem:
            if cannot_write(problem) and not is_below(submitted, problem):
                raise
            sentence = (
                f"its results cannot be written ({type(problem).__name__}: {str(problem)[:200]}), "
                "so nothing was graded: look at the files in this folder"
            )
            return self._ungraded(sent, sentence, "", result.says)
        self.cells += result.cells
        return result

    def _keep_record(self, sent: Sent, record: str) -> None:
        """Keep the record of a submission for its next grading."""
        replace_text(record_of(self.root, sent.assignment, sent.student), record, private=True)

    def _finished(self, sent: Sent, result: worker.Graded) -> worker.Graded:
        """Return a result after the course's own preprocessors that come last."""
        notebooks = {}
        marks = {}
        for name, text in result.notebooks.items():
            resources = self.own_steps.resources(sent.student, sent.assignment, name)
            finished = self.own_steps.finish(text, result.marks[name], resources)
            notebooks[name], marks[name] = finished
        return result._replace(notebooks=notebooks, marks=marks)

    def _record(self, graded: list[tuple[Sent, worker.Graded]]) -> dict[tuple[str, str], str]:
        """Record marks; return {(assignment, student): why theirs cannot be recorded}.

        Where not all can be recorded together, each is recorded by itself. Raises DBAPIError where
        the gradebook cannot be used at all.
        """
        if not graded:
            return {}
        marks = []
        kept = []
        try:
            for sent, result in graded:
                who = sent.assignment, sent.student
                answers = self._answers(sent, result)
                same = hand_marks.unchanged(self.root, *who, answers)
                names = chosen(self.sources[sent.assignment], self.options)
                marks.append(GradedSubmission(*who, sent.timestamp, result.marks, same, names))
                kept.append((who, answers))
            self.gradebook.record(marks)
        except Exception as problem:
            if cannot_be_used(problem):
                raise
            self.gradebook.students.clear()  # those of the transaction are not there
            if len(graded) == 1:
                why = (
                    f"its marks cannot be recorded ({type(problem).__name__}: "
                    f"{str(problem)[:200]}), so the gradebook holds nothing new: "
                    "look at the files in this folder"
                )
                sent, _ = graded[0]
                return {(sent.assignment, sent.student): why}
            problems: dict[tuple[str, str], str] = {}
            for one in graded:
                problems |= self._record([one])
            return problems
        for who, answers in kept:
            self._keep_answers(who, answers)
        return {}

    def _keep_answers(self, who: tuple[str, str], answers: hand_marks.Answers) -> None:
        """Keep what the marks of a submission, (assignment, student), are for."""
        hand_marks.keep(self.root, *who, answers)


def earlier_notebooks(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return {name: text} of those notebooks that are graded already."""
    found = {}
    for name in names:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found[name] = (folder / f"{name}.ipynb").read_text(encoding="utf-8")
    return found


def with_notebooks(record: str, earlier: str, names: Collection[str]) -> str:
    """Return a record with what an earlier one says of these notebooks."""
    try:
        before = json.loads(earlier)["notebooks"]
        kept = {name: notebook for name, notebook in before.items() if name in names}
    except (ValueError, KeyError, TypeError, AttributeError):  # there is none, or it is damaged
        return record
    now = json.loads(record)
    now["notebooks"] = kept | now["notebooks"]
    return json.dumps(now)


def cannot_write(problem: Exception) -> bool:
    """Return whether this keeps all results from being written, not those of one submission."""
    return isinstance(problem, OSError) and problem.errno in CANNOT_WRITE


def is_below(folder: Path, problem: Exception) -> bool:
    """Return whether an OSError is about a file in this folder."""
    name = getattr(problem, "filename", None)
    return isinstance(name, (str, Path)) and folder in Path(name).parents


def cannot_be_used(problem: Exception) -> bool:
    """Return whether this is about the whole course, not about what was to be recorded."""
    about_the_marks = isinstance(problem, (DataError, IntegrityError))
    of_the_gradebook = isinstance(problem, DBAPIError) and not about_the_marks
    return of_the_gradebook or isinstance(problem, CourseError)


def findings_on(sent: Sent, result: worker.Graded, folders: Folders) -> list[Finding]:
    """Return what there is to say about a submission."""
    assignment, student, *_ = sent
    file = result.file or folders.shown(folders.submitted(student, assignment))
    findings = [Finding(student, assignment, file, one_line(said)) for said in result.says]
    if result.problem:
        findings.append(Finding(student, assignment, file, one_line(result.problem), blocks=True))
    return findings
