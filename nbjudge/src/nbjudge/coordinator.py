"""Grading: read what was handed in, rebuild it on the instructor's source, run it in a room of its own, record the marks.

submitted/LEARNER/LESSON/ is only read. The gradebook and autograded/ are the course's own, so the formgrader, feedback and export
go on from here. What ran is kept in .grading/, and runs again only where something that it depends on has changed.
"""

import contextlib
import errno
import itertools
import json
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import find_all_files

from nbjudge.coursedir import report
from nbjudge.coursedir.assignments import KEPT, imports_of, read_lesson, register
from nbjudge.coursedir.rebuild import released
from nbjudge.coursedir.settings import coursedir, gradebook_url, settings
from nbjudge.coursedir.submissions import (
    Finding,
    Ungradable,
    files_beside,
    find_notebook,
    learners_of,
    read_bytes,
    timestamp_of,
)
from nbjudge.files import replace_text, write_files
from nbjudge.planning import plan
from nbjudge.sandbox.host import probe
from nbjudge.sandbox.wire import Limits
from nbjudge.worker import assess
from nbjudge.worker.cluster import run_jobs, workers_of

PRIVATE = (
    "source",
    "solutions",
    "submitted",
    "autograded",
    "feedback",
    KEPT,
)  # folders that no submission may see


class Outcome(NamedTuple):
    graded: list  # (lesson, learner)
    findings: list
    cells: int = 0  # that ran; all others were kept from earlier runs
    work: float = 0  # seconds of this process's own work while submissions ran: reading, recording, talking to workers, or being them

    @property
    def clean(self):
        """Everything that was handed in is graded; what was odd and could be put right does not count against it."""
        return not any(finding.blocks for finding in self.findings)


class Options(NamedTuple):
    """How to grade. `workers` None: one for each core. `timeout` (seconds a cell) None: the course's setting. `kernel`: use ordinary
    Jupyter kernels of this name, without rooms. `confined` False: run without rooms where the system has none."""

    workers: int | None = None
    scheduler: str | None = None
    timeout: float | None = None
    confined: bool = True
    kernel: str = ""
    seed: int = 0
    limits: Limits = Limits()  # what one submission may use


DEFAULTS = Options()


def grade(root, lessons, learners=None, options=DEFAULTS, tell=lambda *news: None):
    """Grade all submissions of the lessons, or those of some learners, and return an Outcome.

    `tell(done, total, learner, findings)` is called before the first submission and after each. Raises ValueError where nothing
    can be graded at all: no room to run in, no scheduler, another grading going on.
    """
    root = Path(root).resolve()
    with told_what_to_do(root), only_one(root):
        config = settings(root)
        findings, sources = [], {}
        for lesson in lessons:
            sources[lesson], problem = read_lesson(root, lesson)
            findings += problem
        wanted, problem = who(root, [lesson for lesson in lessons if sources[lesson]], learners)
        findings += problem
        tell(0, len(wanted), "", findings)
        graded, failed = [], []

        def heard(lesson, learner, news):
            findings.extend(news)
            if learner:
                (failed if any(finding.blocks for finding in news) else graded).append(
                    (lesson, learner)
                )
            tell(len(graded) + len(failed), len(wanted) - grading.left_out, learner, news)

        grading = Grading(root, config, sources, options, heard)
        grading.run(overlapped(wanted, grading.workers))
    return Outcome(graded, findings, grading.cells, grading.work)


def who(root, lessons, learners):
    """([(lesson, learner)] to grade, findings on those who are not there)."""
    wanted, findings = [], []
    for lesson in lessons:
        present = learners_of(root, lesson)
        wanted += [
            (lesson, learner)
            for learner in (present if learners is None else learners)
            if learner in present
        ]
        findings += [
            Finding(
                learner,
                lesson,
                f"submitted/{learner}/{lesson}",
                "there is no such folder, so nothing was graded: "
                "collect the submission or correct the name",
                True,
            )
            for learner in learners or []
            if learner not in present
        ]
        if learners is None and not present:
            findings.append(
                Finding(
                    "",
                    lesson,
                    f"submitted/*/{lesson}",
                    "nobody has handed this lesson in: collect the submissions",
                    True,
                )
            )
    return wanted, findings


AHEAD = 4  # submissions for each worker that are still to run when the next lesson starts: a start may take as long as four


def overlapped(wanted, workers):
    """The same submissions, with the first of each lesson before the last of the lesson before: while one worker runs the lesson's first
    cells for all, the others have something to do. The second lesson is where a second worker begins. No lesson comes before the one
    before has really begun, for no worker keeps the starts of three."""
    found, begun = [], 0
    for number, (_, same) in enumerate(itertools.groupby(wanted, key=lambda each: each[0])):
        first, *others = same
        found.insert(
            1 if number == 1 else max(begun + workers, len(found) - AHEAD * workers), first
        )
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
def told_what_to_do(root):
    """What keeps all of the grading from being written down becomes a ValueError with a sentence."""
    from nbgrader.api import InvalidEntry
    from sqlalchemy.exc import DBAPIError

    again = "what is graded so far is kept; run the same command again, it goes on from there"
    try:
        yield
    except (DBAPIError, InvalidEntry) as problem:  # the second is nbgrader's word for the first
        said = str(getattr(problem, "orig", problem)).strip()
        raise ValueError(
            f"the gradebook cannot be used ({said}): close what else has it open, see that there is room and that "
            f"{gradebook_url(root)} may be written; {again}"
        ) from problem
    except OSError as problem:
        if problem.errno not in CANNOT_WRITE:
            raise
        raise ValueError(
            f"{problem.filename or root} cannot be written ({problem.strerror}): make room there, or allow it; {again}"
        ) from problem


@contextlib.contextmanager
def only_one(root):
    """Two gradings of one course at once would undo each other's work: the second raises ValueError."""
    (root / KEPT).mkdir(exist_ok=True)
    with open(root / KEPT / "lock", "a+") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # not on Windows
            pass
        except OSError:
            file.seek(0)
            raise ValueError(
                f"this course is being graded already (process {file.read().strip() or 'unknown'}): "
                "wait until that is done, or stop it"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for left in [
            path for kind in ("release-*", "graded-*") for path in (root / KEPT).glob(kind)
        ]:
            shutil.rmtree(left, ignore_errors=True)  # of a grading that was killed
        yield


# ---- the submissions -------------------------------------------------------------------------------------------------------


TOGETHER = 20  # submissions that need no worker and go into the gradebook in one transaction: a class does not lie in memory


class Grading:
    """One run over many submissions. `heard(lesson, learner or "" for all of them, findings)` is called when one is written down."""

    def __init__(self, root, config, sources, options, heard):
        self.root, self.config, self.sources, self.options, self.heard = (
            root,
            config,
            sources,
            options,
            heard,
        )
        self.directory = coursedir(config)
        self.workers = options.workers or os.cpu_count() or 1
        self.kernel = options.kernel or (
            "" if hasattr(os, "fork") and sys.platform == "linux" else "python3"
        )
        # what one lesson of many imports is left to that lesson: each library more makes every fork of every lesson slower
        lessons_with = Counter(
            package
            for notebooks in sources.values()
            for package in plan.packages_of(imports_of(notebooks))
        )
        self.packages = tuple(
            sorted(
                package for package, lessons in lessons_with.items() if 2 * lessons >= len(sources)
            )
        )
        self.lessons, self.cells, self.work, self.left_out = {}, 0, 0.0, 0

    def run(self, wanted):
        """Grade these (lesson, learner)."""
        from nbjudge.coursedir.gradebook import Book

        with Book(self.config, gradebook_url(self.root), self.directory.course_id) as self.book:
            ended = []
            jobs = self._jobs(wanted, ended)
            first = next(jobs, None)
            self._write_down(ended)
            if first is None:  # nothing to run, no workers
                return
            self._need_a_room()
            with workers_of(
                self.workers, self.options.scheduler, () if self.kernel else self.packages
            ) as client:
                before = time.process_time()
                for together in run_jobs(client, itertools.chain([first], jobs)):
                    ended += [(*what, result) for what, result in together]
                    self._write_down(ended)
                    self.work = time.process_time() - before
            self._write_down(ended)

    def _need_a_room(self):
        if (
            self.options.confined
            and not self.kernel
            and not self.options.scheduler
            and (why := probe.missing())
        ):
            raise ValueError(
                f"this system gives no room to run other people's code in ({why}), so nothing was graded. Grade on Linux with user "
                "namespaces allowed; or, if you trust all the code that was handed in, say --unconfined"
            )
        if self.options.confined and self.kernel:
            raise ValueError(
                "ordinary kernels run other people's code without a room around it, so nothing was graded. "
                "If you trust all the code that was handed in, say --unconfined"
            )

    def _jobs(self, wanted, ended):
        """Yield ((lesson, learner, when it was handed in, files beside it), arguments of assess.work) as submissions are read. What
        needs no worker, because it cannot be read or nothing has to run, comes into `ended`, with its Assessed. When the first is on
        its way, all lessons are made ready, while the warm parent imports."""
        refusals, lessons = {}, list(dict.fromkeys(lesson for lesson, _ in wanted))

        def refusal(lesson):
            if lesson not in refusals:
                refusals[lesson] = register(self.root, lesson, self.sources[lesson], self.config)
                if refusals[lesson]:
                    ended.append(
                        (
                            lesson,
                            "",
                            None,
                            {},
                            assess.ungraded(refusals[lesson], f"source/{lesson}"),
                        )
                    )
            return refusals[lesson]

        for lesson, learner in wanted:
            if len(ended) >= TOGETHER:
                self._write_down(ended)
            if refusal(lesson):
                self.left_out += 1
                continue
            handed_in, stamp, problem = self._read(lesson, learner)
            if problem:
                ended.append((lesson, learner, stamp, {}, problem))
                continue
            common, packed = self._lesson(lesson)
            place = record_of(self.root, lesson, learner)
            kept, files = (
                place.read_text(encoding="utf-8", errors="replace") if place.exists() else "",
                handed_in.files | common.files,
            )
            if kept and (done := assess.assess(common, handed_in, learner, kept)):
                ended.append((lesson, learner, stamp, files, done))
            else:
                yield (lesson, learner, stamp, files), (packed, handed_in, learner, kept)
                while lessons:
                    if not refusal(other := lessons.pop(0)):
                        self._lesson(other)

    def _write_down(self, ended):
        """Write down what has ended and tell of it; `ended` is empty after that."""
        marks, news = [], []
        for lesson, learner, stamp, files, done in ended:
            where = f"submitted/{learner}/{lesson}"
            if isinstance(done, BaseException):
                done = assess.ungraded(
                    f"no worker could run it ({type(done).__name__}: {str(done)[:200]}), so nothing was graded: try again",
                    where,
                )
            elif learner and done.problem and report.read_autograded(self.root, lesson, learner):
                done = done._replace(problem=f"{done.problem}; the earlier grading stays as it is")
            findings = [
                Finding(learner, lesson, done.file or where, sentence) for sentence in done.says
            ]
            if done.problem:
                findings.append(
                    Finding(learner, lesson, done.file or where, done.problem, blocks=True)
                )
            else:
                self.cells += done.cells
                replace_text(record_of(self.root, lesson, learner), done.record)
                self._write(lesson, learner, stamp, files, done.notebooks)
                marks.append((lesson, learner, stamp, done.marks))
            news.append((lesson, learner, findings))
        ended.clear()
        if marks:
            self.book.record(marks)
        for each in news:
            self.heard(*each)

    def _lesson(self, name):
        """(assess.Lesson, the same as a pickle)."""
        if name not in self.lessons:
            folder, sources = self.root / "source" / name, self.sources[name]
            learners_own = self.config.Autograde.get("exclude_overwriting", {}).get(name, [])
            paths = {
                Path(path).relative_to(folder).as_posix(): Path(path)
                for path in find_all_files(str(folder), [*self.directory.ignore, "*.ipynb"])
            }
            files = {
                inside: path.read_bytes()
                for inside, path in paths.items()
                if inside not in learners_own
            }
            imports = imports_of(sources)
            own = tuple(sorted({module.partition(".")[0] for module in plan.own_code(imports)}))
            timeout, limit = (
                self.options.timeout or self.config.Execute.get("timeout", 30),
                LimitOutput(config=self.config),
            )
            common = assess.Lesson(
                name,
                sources,
                {key: released(source) for key, source in sources.items()},
                {key: self.book.checksums_of(name, key) for key in sources},
                files,
                imports,
                self.packages,
                own,
                plan.code_of(imports),
                {key: self._kernel_of(source) for key, source in sources.items()},
                [tag for tag in [self.config.Execute.get("skip_cells_with_tag", "")] if tag],
                {
                    "seed": self.options.seed,
                    "timeout": timeout,
                    "total": 10 * timeout,
                    "hidden": tuple(str(self.root / name) for name in PRIVATE),
                    "limits": self.options.limits,
                    "confined": self.options.confined,
                },
                {"max_lines": limit.max_lines, "max_traceback": limit.max_traceback},
            )
            self.lessons[name] = common, pickle.dumps(common)
        return self.lessons[name]

    def _read(self, lesson, learner):
        """(assess.HandedIn, when it was handed in or None, None); where there is nothing to grade the third is an Assessed that says why."""
        handed_in, file, says, stamp = self.root / "submitted" / learner / lesson, None, [], None
        try:
            notebooks, missing, paths = {}, [], []
            for name in self.sources[lesson]:
                try:
                    file, more = find_notebook(handed_in, name, set(self.sources[lesson]) - {name})
                except Ungradable as reason:
                    missing.append((name, reason))
                    continue
                notebooks[name] = file.relative_to(self.root).as_posix(), read_bytes(file)
                paths.append(file)
                says += more
            if not notebooks:
                file = handed_in
                raise missing[0][1]
            says += [
                f"there is no {name}.ipynb: it counts as not handed in, ask the learner if that was not meant"
                for name, _ in missing
            ]
            stamp, more = timestamp_of(handed_in)
            files, left_out = files_beside(handed_in, paths)
            if self.options.scheduler:  # whose workers may be other machines
                files = {name: path.read_bytes() for name, path in files.items()}
            return assess.HandedIn(notebooks, files, [*says, *more, *left_out]), stamp, None
        except Ungradable as reason:
            problem = str(reason)
        except Exception as error:  # whatever lies there, the others are graded
            problem = f"it cannot be read ({type(error).__name__}: {error}), so nothing was graded: look at the file by hand"
        return (
            None,
            stamp,
            assess.ungraded(problem, (file or handed_in).relative_to(self.root).as_posix(), says),
        )

    def _kernel_of(self, source):
        spec = source.metadata.get("kernelspec", {})
        return self.kernel or (spec["name"] if spec.get("language", "python") != "python" else "")

    def _write(self, lesson, learner, stamp, files, notebooks):
        """Put the graded notebooks and what lay beside them in autograded/, whole or not at all."""
        target = self.root / "autograded" / learner / lesson
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix="graded-", dir=self.root / KEPT))
        write_files(part, files)
        for name, text in notebooks.items():
            (part / f"{name}.ipynb").write_text(text, encoding="utf-8")
        if stamp:
            shutil.copyfile(
                self.root / "submitted" / learner / lesson / "timestamp.txt", part / "timestamp.txt"
            )
        part.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)


def record_of(root, lesson, learner):
    """Where the record of a submission's last grading lies."""
    return root / KEPT / "results" / learner / f"{lesson}.json"


# ---- for people ------------------------------------------------------------------------------------------------------------


def grade_and_show(root, lessons, learners=None, options=DEFAULTS):
    """grade() with progress and findings on stderr as they come, then tables and places on stdout. Return the Outcome."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    root, console = Path(root).resolve(), report.page_wide_console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Grading", total=None)

        def tell(done, total, learner, findings):
            progress.update(
                task,
                completed=done,
                total=total,
                description=f"Graded {learner}" if learner else "Grading",
            )
            for finding in findings:
                label = "[red]Not graded:[/]" if finding.blocks else "[yellow]Note:[/]"
                progress.console.print(label, escape(str(finding)), soft_wrap=True, highlight=False)

        outcome = grade(root, lessons, learners, options, tell)
    for lesson in lessons:
        table = report.marks(root, lesson, gradebook_url(root))
        if not table:
            continue
        report.show(console, lesson, table)
        page = report.write_page(
            root,
            lesson,
            table,
            [finding for finding in outcome.findings if finding.lesson == lesson],
        )
        console.print(f"Report:    {page}", soft_wrap=True)
    console.print(
        f"Notebooks: {root / 'autograded'}\nGradebook: {gradebook_url(root)}", soft_wrap=True
    )
    console.print(
        f"Feedback:  {root / 'feedback'}, once you have run `nbgrader generate_feedback LESSON`",
        soft_wrap=True,
    )
    return outcome


def grade_for_machines(root, lessons, learners=None, options=DEFAULTS):
    """grade() with a JSON object a line on stdout: {"lesson", "learner", "graded", "findings"} for each submission, then the sum."""
    started = time.monotonic()

    def tell(done, total, learner, findings):
        for finding in findings if not learner else ():
            print(
                json.dumps(
                    {
                        "lesson": finding.lesson,
                        "learner": finding.learner,
                        "graded": False,
                        "findings": [finding.says],
                    }
                ),
                flush=True,
            )
        if learner:
            print(
                json.dumps(
                    {
                        "done": done,
                        "of": total,
                        "learner": learner,
                        "findings": [finding._asdict() for finding in findings],
                        "graded": not any(finding.blocks for finding in findings),
                    }
                ),
                flush=True,
            )

    outcome = grade(root, lessons, learners, options, tell)
    blocked = sum(finding.blocks for finding in outcome.findings)
    print(
        json.dumps(
            {
                "graded": len(outcome.graded),
                "not_graded": blocked,
                "seconds": round(time.monotonic() - started, 2),
                "cells": outcome.cells,
                "coordinator_s": round(outcome.work, 3),
            }
        ),
        flush=True,
    )
    return outcome
