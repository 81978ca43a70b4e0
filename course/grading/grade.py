"""Grading: read what was handed in, rebuild it on the instructor's source, run it in a room of its own, record the marks.

submitted/LEARNER/LESSON/ is only read. The gradebook and autograded/ are the course's own, so the formgrader, feedback and export
go on from here. What ran is kept in .grading/, and runs again only where something that it depends on has changed.
"""
import contextlib
import copy
import errno
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.utils import find_all_files

from course.grading import confine, plan, report
from course.grading.cluster import run_jobs, workers_of
from course.grading.execute import Done, Job
from course.grading.rebuild import rebuild, released
from course.grading.settings import coursedir, gradebook_url, settings
from course.grading.submissions import Finding, Ungradable, find_notebook, learners_of, read_notebook, stage_files

KEPT = ".grading"  # results of earlier runs, and the record of each submission
PRIVATE = ("source", "solutions", "submitted", "autograded", "feedback", KEPT)  # folders that no submission may see


class Outcome(NamedTuple):
    graded: list  # (lesson, learner)
    findings: list
    cells: int = 0  # that ran; all others were kept from earlier runs
    work: float = 0  # seconds of this process's own work while submissions ran: reading, recording, talking to workers

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
    limits: tuple = tuple(confine.Limits())  # what one submission may use


DEFAULTS = Options()


class Part(NamedTuple):
    """A notebook of a submission: what there is to run, and what an earlier run has left."""

    notebook: object
    steps: list  # (index of its cell, Step)
    keys: list  # one for each step
    job: Job
    kept: dict  # {key: result}
    todo: Job | None  # what is not kept


class Submission(NamedTuple):
    """What is known of a submission before it runs."""

    lesson: str
    learner: str
    timestamp: object  # when it was handed in; None where nobody says
    notebooks: dict  # {name: Part}
    files: dict
    says: list


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
            sources[lesson], problem = register(root, lesson, config)
            findings += problem
        wanted, problem = who(root, [lesson for lesson in lessons if sources[lesson]], learners)
        findings += problem
        tell(0, len(wanted), "", findings)
        grading = Grading(root, config, sources, options)
        graded = []
        for lesson, learner, news in grading.run(wanted):
            findings += news
            if not any(finding.blocks for finding in news):
                graded.append((lesson, learner))
            tell(len(graded) + len({(f.lesson, f.learner) for f in findings if f.blocks and f.learner}), len(wanted), learner, news)
    return Outcome(graded, findings, grading.cells, grading.work)


def who(root, lessons, learners):
    """([(lesson, learner)] to grade, findings on those who are not there)."""
    wanted, findings = [], []
    for lesson in lessons:
        present = learners_of(root, lesson)
        wanted += [(lesson, learner) for learner in (present if learners is None else learners) if learner in present]
        findings += [Finding(learner, lesson, f"submitted/{learner}/{lesson}", "there is no such folder, so nothing was graded: "
                             "collect the submission or correct the name", True) for learner in learners or [] if learner not in present]
        if learners is None and not present:
            findings.append(Finding("", lesson, f"submitted/*/{lesson}", "nobody has handed this lesson in: collect the submissions", True))
    return wanted, findings


CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}
LOG_OF_DATABASE = re.compile(r"OperationalError\) (.*)|(No space left on device|Read-only file system|Permission denied)")


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
        raise ValueError(f"the gradebook cannot be used ({said}): close what else has it open, see that there is room and that "
                         f"{gradebook_url(root)} may be written; {again}") from problem
    except OSError as problem:
        if problem.errno not in CANNOT_WRITE:
            raise
        raise ValueError(f"{problem.filename or root} cannot be written ({problem.strerror}): make room there, or allow it; {again}") from problem


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
            raise ValueError(f"this course is being graded already (process {file.read().strip() or 'unknown'}): "
                             "wait until that is done, or stop it") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for left in [path for kind in ("release-*", "staged-*", "graded-*") for path in (root / KEPT).glob(kind)]:
            shutil.rmtree(left, ignore_errors=True)  # of a grading that was killed
        yield


# ---- the lesson ------------------------------------------------------------------------------------------------------------


def register(root, lesson, config):
    """Bring the gradebook up to date with the lesson's cells; return ({name: source notebook}, findings).

    nbgrader's own generate_assignment does it, into a folder that is thrown away: release/ is not touched.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.utils import capture_log

    folder = root / "source" / lesson
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        known = ", ".join(sorted(path.name for path in (root / "source").glob("*/") if any(path.glob("*.ipynb")))) or "none"
        return {}, [Finding("", lesson, f"source/{lesson}", f"there is no such lesson: choose one of {known}", True)]
    try:
        sources = {path.stem: read_source(path) for path in paths}
    except (nbformat.reader.NotJSONError, OSError) as problem:
        return {}, [Finding("", lesson, f"source/{lesson}", f"its notebook cannot be read ({problem}): correct it", True)]
    stamp = plan.digest(sorted((name, source) for name, source in sources.items()), gradebook_url(root))
    kept = root / KEPT / f"{lesson}.registered"
    if kept.exists() and kept.read_text() == stamp and in_gradebook(root, lesson, sources):
        return sources, []
    with tempfile.TemporaryDirectory(prefix="release-", dir=root / KEPT) as release:
        config = copy.deepcopy(config)
        config.CourseDirectory.release_directory = os.path.relpath(release, root)
        result = capture_log(GenerateAssignment(coursedir=coursedir(config, lesson), config=config, force=True))
    if result["success"]:
        kept.write_text(stamp)
        return sources, []
    log = result.get("log", "") + result.get("error", "")
    if found := LOG_OF_DATABASE.search(log):
        raise ValueError(f"{root} or its gradebook cannot be written ({found[1] or found[2]}): close what else has the gradebook open, make room "
                         "there, or allow it; then run the same command again")
    if "submissions associated with it" in log:
        says = ("cells were added or removed although submissions are graded already, which nbgrader does not allow: undo that, "
                "or give the changed lesson a new name")
    elif "assignment_course_id_fkey" in log:
        says = "this gradebook needs the course to have a name: set c.CourseDirectory.course_id in nbgrader_config.py"
    else:
        says = f"nbgrader cannot read this lesson ({last_error(log)}): run `nbgrader generate_assignment {lesson}` to see more"
    return {}, [Finding("", lesson, f"source/{lesson}", says, True)]


def read_source(path):
    """A lesson's notebook; its cells get ids where the format is older than those, the same ones each time."""
    source = nbformat.read(path, as_version=4)
    for number, cell in enumerate(source.cells):
        cell.setdefault("id", f"cell-{number:02d}")
    source.nbformat_minor = max(source.nbformat_minor, 5)
    return source


def in_gradebook(root, lesson, sources):
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook_url(root)) as book:
        try:
            return {notebook.name for notebook in book.find_assignment(lesson).notebooks} >= set(sources)
        except MissingEntry:
            return False


def last_error(log):
    """The last line of a log that looks like an exception; nbgrader's own summary is not one."""
    found = re.findall(r"^((?!.*NbGraderException)[\w.]*(?:Error|Exception)\b.*)$", log, flags=re.MULTILINE)
    return found[-1].strip()[:200] if found else "no reason given"


# ---- the submissions -------------------------------------------------------------------------------------------------------


class Grading:
    """One run over many submissions."""

    def __init__(self, root, config, sources, options):
        self.root, self.config, self.sources, self.options = root, config, sources, options
        self.directory = coursedir(config)
        self.timeout = options.timeout or config.Execute.get("timeout", 30)
        self.skip = [tag for tag in [config.Execute.get("skip_cells_with_tag", "")] if tag]
        self.workers = options.workers or os.cpu_count() or 1
        self.kernel = options.kernel or ("" if hasattr(os, "fork") and sys.platform == "linux" else "python3")
        self.given = {(lesson, name): released(source) for lesson, notebooks in sources.items() for name, source in notebooks.items()}
        self.lessons, self.cells, self.work = {}, 0, 0.0

    def run(self, wanted):
        """Yield (lesson, learner, findings) as submissions are done."""
        from course.grading.record import Book

        waiting, parts = {}, {}
        jobs = self._jobs(wanted, waiting, parts)
        first = next(jobs, None)  # nothing to run, no workers
        with Book(self.config, gradebook_url(self.root), self.directory.course_id) as self.book:
            yield from self._complete(waiting, parts)
            if first is None:
                return
            self._need_a_room()

            def all_jobs():
                yield first
                yield from jobs

            with workers_of(self.workers, self.options.scheduler) as client:
                before = time.process_time()
                for (lesson, learner, name), result in run_jobs(client, all_jobs()):
                    parts[lesson, learner][name] = result
                    yield from self._complete(waiting, parts)
                    self.work = time.process_time() - before
            yield from self._complete(waiting, parts)

    def _need_a_room(self):
        if self.options.confined and not self.kernel and not self.options.scheduler and (why := confine.missing()):
            raise ValueError(f"this system gives no room to run other people's code in ({why}), so nothing was graded. Grade on Linux with user "
                             "namespaces allowed; or, if you trust all the code that was handed in, say --unconfined")
        if self.options.confined and self.kernel:
            raise ValueError("ordinary kernels run other people's code without a room around it, so nothing was graded. "
                             "If you trust all the code that was handed in, say --unconfined")

    def _jobs(self, wanted, waiting, parts):
        """Yield ((lesson, learner, notebook), Job) of what has to run, as submissions are read."""
        for lesson, learner in wanted:
            waiting[lesson, learner] = submission = self._read(lesson, learner)
            parts[lesson, learner] = done = {}
            if isinstance(submission, list):
                continue
            for name, part in submission.notebooks.items():
                if part.todo is None:
                    done[name] = []
                else:
                    yield (lesson, learner, name), part.todo

    def _complete(self, waiting, parts):
        """Record those submissions of which everything has run."""
        for lesson, learner in list(waiting):
            submission = waiting[lesson, learner]
            if isinstance(submission, list):
                del waiting[lesson, learner]
                yield lesson, learner, submission
            elif len(parts[lesson, learner]) == len(submission.notebooks):
                del waiting[lesson, learner]
                yield lesson, learner, self._finish(submission, parts.pop((lesson, learner)))

    def _lesson(self, lesson):
        """(files beside the lesson's notebooks, the modules that they import, own packages, digest of their code)."""
        if lesson not in self.lessons:
            folder = self.root / "source" / lesson
            learners_own = self.config.Autograde.get("exclude_overwriting", {}).get(lesson, [])
            paths = {os.path.relpath(path, folder): path for path in find_all_files(str(folder), [*self.directory.ignore, "*.ipynb"])}
            files = {name: Path(path).read_bytes() for name, path in paths.items() if name not in learners_own}
            imports = tuple(dict.fromkeys(name for source in self.sources[lesson].values() for name in plan.imports_of(source)))
            own = tuple(sorted({module.partition(".")[0] for module in plan.own_code(imports)}))
            self.lessons[lesson] = files, imports, own, plan.code_digest(imports)
        return self.lessons[lesson]

    def _read(self, lesson, learner):
        """A Submission; a list of findings where there is nothing to grade."""
        handed_in, file, says = self.root / "submitted" / learner / lesson, None, []
        try:
            files, imports, own, code = self._lesson(lesson)
            notebooks, missing, paths = {}, [], []
            with tempfile.TemporaryDirectory(prefix="staged-", dir=self.root / KEPT) as staged:
                for name, source in self.sources[lesson].items():
                    try:
                        file, more = find_notebook(handed_in, name, set(self.sources[lesson]) - {name})
                    except Ungradable as reason:
                        missing.append((name, reason))
                        continue
                    submitted, still_more = read_notebook(file)
                    notebook, odd = rebuild_or_refuse(source, submitted, self.given[lesson, name])
                    says += more + still_more + odd
                    notebooks[name] = notebook
                    paths.append(file)
                if not notebooks:
                    file = handed_in
                    raise missing[0][1]
                says += [f"there is no {name}.ipynb: it counts as not handed in, ask the learner if that was not meant" for name, _ in missing]
                says += stage_files(handed_in, paths, Path(staged))
                stamp = self.directory.get_existing_timestamp(staged)
                theirs = {os.path.relpath(path, staged): Path(path).read_bytes() for path in find_all_files(staged, ["timestamp.txt"])}
            says += [f"the lesson's own {name} is used and not the learner's, nothing to do" for name in theirs
                     if files.get(name, theirs[name]) != theirs[name]]
            beside = theirs | files
            prepared, kept = {}, self._kept(lesson, learner)
            for name, notebook in notebooks.items():
                steps = plan.steps_of(notebook, self.sources[lesson][name], self.skip)
                job = Job(tuple(step for _, step in steps), beside, own, imports, files, seed=self.options.seed, timeout=self.timeout,
                          total=10 * self.timeout, hidden=tuple(str(self.root / name) for name in PRIVATE),
                          limits=self.options.limits, confined=self.options.confined, kernel=self._kernel_of(lesson, name))
                keys, results = plan.keys_of(job, code), kept.get(name, {}).get("results", {})
                prepared[name] = Part(notebook, steps, keys, job, results, plan.only_missing(job, keys, results))
            return Submission(lesson, learner, stamp, prepared, beside, says)
        except Ungradable as reason:
            problem = str(reason)
        except Exception as error:  # whatever one submission holds, the others are graded
            problem = f"it cannot be read or prepared ({type(error).__name__}: {error}), so nothing was graded: look at the file by hand"
        if report.read_autograded(self.root, lesson, learner):
            problem += "; the earlier grading stays as it is"
        where = learner, lesson, (file or handed_in).relative_to(self.root).as_posix()
        return [Finding(*where, sentence) for sentence in says] + [Finding(*where, problem, blocks=True)]

    def _kernel_of(self, lesson, name):
        spec = self.sources[lesson][name].metadata.get("kernelspec", {})
        return self.kernel or (spec["name"] if spec.get("language", "python") != "python" else "")

    def _kept(self, lesson, learner):
        """{notebook: what the record of its last run says}."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            return json.loads(record_of(self.root, lesson, learner).read_text(encoding="utf-8"))["notebooks"]
        return {}

    def _finish(self, submission, parts):
        """Put the results into the notebooks, write autograded/, the record and the marks; return findings."""
        where = submission.learner, submission.lesson, f"submitted/{submission.learner}/{submission.lesson}"
        executed, records, says = {}, {}, list(submission.says)
        for name, result in parts.items():
            notebook, steps, keys, job, kept, todo = submission.notebooks[name]
            if isinstance(result, BaseException):
                return [Finding(*where, sentence) for sentence in says] + [Finding(
                    *where, f"no worker could run it ({type(result).__name__}: {str(result)[:200]}), so nothing was graded: try again", True)]
            ran = dict(zip((step.name for step in todo.steps), result, strict=True)) if todo else {}
            self.cells += len(ran)
            results = {}
            verdicts = {}
            for number, ((index, step), key) in enumerate(zip(steps, keys, strict=True), start=1):
                done = ran[step.name] if step.name in ran else Done(**kept[key])
                cell = notebook.cells[index]
                cell.outputs, cell.execution_count = [nbformat.from_dict(output) for output in done.outputs], number
                if step.kind == "check":
                    verdicts[step.name] = done.well, done.score
                results[key] = done._asdict()
                says += [f"in the cell `{step.name}` {note}: look at it" for note in dict.fromkeys(done.notes)]
            executed[name] = self.book.trimmed(notebook), verdicts
            says += report.oddities(notebook, self.timeout)
            records[name] = {"results": {key: data for key, data in results.items() if not data["end"]}, "cells": [
                {"name": step.name, "kind": step.kind, "well": results[key]["well"], "end": results[key]["end"],
                 "seconds": round(results[key]["seconds"], 4), "key": key} for (_, step), key in zip(steps, keys, strict=True)]}
        record = {"lesson": submission.lesson, "learner": submission.learner, "graded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                  "environment": plan.environment(), "seed": job.seed, "timeout": job.timeout, "confined": job.confined,
                  "code": self._lesson(submission.lesson)[3], "notebooks": records}
        replace_text(record_of(self.root, submission.lesson, submission.learner), json.dumps(record))
        self._write(submission, {name: notebook for name, (notebook, _) in executed.items()})
        self.book.record(submission.lesson, submission.learner, submission.timestamp, executed)
        return [Finding(*where, sentence) for sentence in says]

    def _write(self, submission, notebooks):
        """Put the graded notebooks and what lay beside them in autograded/, whole or not at all."""
        target = self.root / "autograded" / submission.learner / submission.lesson
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix="graded-", dir=self.root / KEPT))
        confine.write_files(part, submission.files)
        for name, notebook in notebooks.items():
            (part / f"{name}.ipynb").write_text(nbformat.v4.writes(notebook), encoding="utf-8")
        if submission.timestamp:
            shutil.copyfile(self.root / "submitted" / submission.learner / submission.lesson / "timestamp.txt", part / "timestamp.txt")
        part.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)


def record_of(root, lesson, learner):
    """Where the record of a submission's last grading lies."""
    return root / KEPT / "results" / learner / f"{lesson}.json"


def rebuild_or_refuse(source, submitted, given):
    try:
        return rebuild(source, submitted, given)
    except ValueError as error:
        raise Ungradable(f"the notebook {error}, so nothing was graded: ask the learner for the right one") from None


def replace_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


# ---- for people ------------------------------------------------------------------------------------------------------------


def grade_and_show(root, lessons, learners=None, options=DEFAULTS):
    """grade() with progress and findings on stderr as they come, then tables and places on stdout. Return the Outcome."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    root, console = Path(root).resolve(), report.page_wide_console()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Grading", total=None)

        def tell(done, total, learner, findings):
            progress.update(task, completed=done, total=total, description=f"Graded {learner}" if learner else "Grading")
            for finding in findings:
                label = "[red]Not graded:[/]" if finding.blocks else "[yellow]Note:[/]"
                progress.console.print(label, escape(str(finding)), soft_wrap=True, highlight=False)

        outcome = grade(root, lessons, learners, options, tell)
    for lesson in lessons:
        table = report.marks(root, lesson, gradebook_url(root))
        if not table:
            continue
        report.show(console, lesson, table)
        page = report.write_page(root, lesson, table, [finding for finding in outcome.findings if finding.lesson == lesson])
        console.print(f"Report:    {page}", soft_wrap=True)
    console.print(f"Notebooks: {root / 'autograded'}\nGradebook: {gradebook_url(root)}", soft_wrap=True)
    console.print(f"Feedback:  {root / 'feedback'}, once you have run `nbgrader generate_feedback LESSON`", soft_wrap=True)
    return outcome


def grade_for_machines(root, lessons, learners=None, options=DEFAULTS):
    """grade() with a JSON object a line on stdout: {"lesson", "learner", "graded", "findings"} for each submission, then the sum."""
    started = time.monotonic()

    def tell(done, total, learner, findings):
        for finding in findings if not learner else ():
            print(json.dumps({"lesson": finding.lesson, "learner": finding.learner, "graded": False, "findings": [finding.says]}), flush=True)
        if learner:
            print(json.dumps({"done": done, "of": total, "learner": learner, "findings": [finding._asdict() for finding in findings],
                              "graded": not any(finding.blocks for finding in findings)}), flush=True)

    outcome = grade(root, lessons, learners, options, tell)
    blocked = sum(finding.blocks for finding in outcome.findings)
    print(json.dumps({"graded": len(outcome.graded), "not_graded": blocked, "seconds": round(time.monotonic() - started, 2),
                      "cells": outcome.cells, "coordinator_s": round(outcome.work, 3)}), flush=True)
    return outcome
