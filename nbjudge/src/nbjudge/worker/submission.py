"""One submission, from the bytes that were handed in to what is to be written down.

There are two halves. `prepare` reads, rebuilds and plans; it runs nothing. `run` runs the cells
that have no kept result and puts all results into the notebook. Each submission is prepared once:
by the coordinator if an earlier run has left results, because then there may be nothing to run, and
by a worker if not. Both halves depend only on the assignment, the files and the kept results, so
they can run on any machine, and more than once; nothing here reads the course's folders or its
gradebook.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import has_failed, is_grade

from nbjudge.coursedir import report
from nbjudge.coursedir.gradebook import Marks, marks_of
from nbjudge.coursedir.rebuild import rebuild
from nbjudge.coursedir.submissions import Submission, parse_notebook
from nbjudge.errors import SubmissionError
from nbjudge.job import Job, Result, Step
from nbjudge.planning.fingerprints import Code
from nbjudge.planning.keys import Surroundings, keys_of, steps_to_run
from nbjudge.planning.steps import steps_of
from nbjudge.sandbox.host.results import OutputRation
from nbjudge.sandbox.wire import Limits
from nbjudge.worker.environment import environment
from nbjudge.worker.kernels import run_in_kernel
from nbjudge.worker.lesson_faults import missing_packages

if hasattr(os, "fork"):  # not on Windows, where ordinary kernels run everything
    from nbjudge.sandbox.host.fork_server import FORK_SERVER


class RunOptions(NamedTuple):
    """How the cells of a submission run; fields of a Job."""

    seed: int
    timeout: float  # seconds a cell
    total: float  # seconds all cells of a notebook together
    hidden: tuple[str, ...]  # folders that no submission may see
    limits: Limits
    confined: bool  # whether they run in a sandbox


class Assignment(NamedTuple):
    """What all submissions to an assignment have in common."""

    name: str
    sources: Mapping[str, NotebookNode]  # {notebook: the instructor's}
    given: Mapping[str, NotebookNode]  # {notebook: as it was given out}
    checksums: Mapping[str, Mapping[str, str]]  # {notebook: {grade_id: checksum as given out}}
    files: Mapping[str, bytes]  # what the instructor laid beside the notebooks
    file_digests: Mapping[str, str]  # {name of such a file: SHA-256 of its content}
    imports: tuple[str, ...]  # modules that its notebooks import
    packages: tuple[str, ...]  # that a worker imports once, for all assignments
    own: tuple[str, ...]  # top-level packages of the instructor's
    code: Code  # the instructor's modules
    kernels: Mapping[str, str]  # {notebook: name of an ordinary kernel, "" for a sandbox}
    skip: list[str]  # tags of cells that do not run
    options: RunOptions
    trim: Mapping[str, int]  # fields of nbgrader's LimitOutput
    timeouts: Mapping[str, Mapping[str, float]] = {}  # {notebook: {name of a cell: seconds}}
    execute: bool = True  # False: take the outputs that were handed in for those of the cells


class PreparedNotebook(NamedTuple):
    """A notebook of a submission: what there is to run, and what an earlier run has left."""

    notebook: NotebookNode
    steps: list[tuple[int, Step]]  # each with the index of its cell
    keys: list[str]  # one for each step
    kept: dict[str, dict[str, Any]]  # {key: fields of the kept result}
    to_run: list[Step]


@dataclass(frozen=True)  # no tuple, because Dask would search a tuple for futures
class Prepared:
    """A submission that is read and planned."""

    student: str
    notebooks: dict[str, PreparedNotebook]
    files: Mapping[str, bytes | Path]  # the submission's; the assignment's are not repeated here
    digests: Mapping[str, str]  # {name of such a file: SHA-256 of its content}
    says: list[str]
    seconds: float  # that this took
    problem: str = ""  # why it cannot be graded
    file: str = ""  # the one that the problem is about

    @property
    def has_work(self) -> bool:
        """Whether any cell has to run."""
        return any(notebook.to_run for notebook in self.notebooks.values())


class Graded(NamedTuple):
    """What is to be written down; of a submission that could not be graded, only sentences."""

    notebooks: dict[str, str]  # {notebook: text of the executed one}
    record: str
    marks: dict[str, Marks]  # {notebook: its marks}
    says: list[str]
    cells: int  # that ran
    digests: Mapping[str, str]  # {name of a submission's file: SHA-256 of its content}
    problem: str = ""  # why nothing could be graded
    file: str = ""  # the one that the problem is about
    lacks: Mapping[str, str] = {}  # {package that is not installed: the assignment's cell}


def ungraded(
    problem: str,
    file: str,
    says: Iterable[str] = (),
) -> Graded:
    """Return what is to be written down of a submission that could not be graded."""
    return Graded({}, "", {}, list(says), 0, {}, problem, file)


def grade_submission(assignment: Assignment, submission: Submission | Prepared) -> Graded:
    """Grade one submission; this is what a worker does."""
    if isinstance(submission, Submission):
        submission = prepare(assignment, submission)
    return run(assignment, submission)


# ---- prepare ---------------------------------------------------------------------------------


def as_it_is(name: str, notebook: NotebookNode) -> NotebookNode:
    """Return the notebook: most courses have no preprocessors of their own."""
    return notebook


def prepare(
    assignment: Assignment,
    submission: Submission,
    record: str = "",
    own: Callable[[str, NotebookNode], NotebookNode] = as_it_is,
) -> Prepared:
    """Read, rebuild and plan a submission; `record` is what its last grading left, as text.

    `own(name, notebook)` returns a rebuilt notebook as the course's own preprocessors change it.

    Raises nothing: `problem` of the result says why a submission cannot be graded.
    """
    started = time.perf_counter()
    says = list(submission.says)
    file = ""
    notebooks = {}
    digests: dict[str, str] = {}
    problem = ""
    try:
        kept = kept_results(record)
        digests = digests_of(submission.files)
        beside = digests | dict(assignment.file_digests)
        for name, (place, data) in submission.notebooks.items():
            file = place
            submitted, said = parse_notebook(data, outputs=not assignment.execute)
            source, given = assignment.sources[name], assignment.given[name]
            notebook, odd = rebuild(source, submitted, given, outputs=not assignment.execute)
            if not assignment.execute:
                mark_what_is_missing(notebook, submitted)
            notebook = own(name, notebook)
            says += said + odd
            notebooks[name] = plan(assignment, name, notebook, beside, kept.get(name, {}))
        for name in digests:
            if beside[name] != digests[name]:
                says.append(f"the lesson's own {name} is used and not the learner's, nothing to do")
    except SubmissionError as reason:
        problem = str(reason)
    except Exception as error:  # whatever one submission holds, the others are graded
        problem = (
            f"it cannot be read or prepared ({type(error).__name__}: {error}), "
            "so nothing was graded: look at the file by hand"
        )
    if problem:
        notebooks = {}
    seconds = time.perf_counter() - started
    return Prepared(
        submission.student, notebooks, submission.files, digests, says, seconds, problem, file
    )


def kept_results(record: str) -> dict[str, dict[str, Any]]:
    """Return {notebook: {key: fields of the result}} of a record, nothing where it is damaged."""
    try:
        notebooks = json.loads(record)["notebooks"] if record else {}
        found = {name: notebook["results"] for name, notebook in notebooks.items()}
        for results in found.values():
            for fields in results.values():
                Result(**fields)  # raises TypeError where one is missing
        return found
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def digests_of(files: Mapping[str, bytes | Path]) -> dict[str, str]:
    """Return {name: SHA-256 of the content}."""
    found = {}
    for name, content in files.items():
        found[name] = digest_of(content)
    return found


def digest_of(content: bytes | Path) -> str:
    """Return the SHA-256 of a content; a file is read in parts, because it may be large."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    found = hashlib.sha256()
    with open(content, "rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def bytes_of(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def plan(
    assignment: Assignment,
    name: str,
    notebook: NotebookNode,
    files: Mapping[str, str],
    kept: Mapping[str, dict[str, Any]],
) -> PreparedNotebook:
    """Plan a rebuilt notebook; `files` are the digests of what lies beside it."""
    indexed = steps_of(notebook, assignment.sources[name], assignment.skip)
    steps = [step for _, step in indexed]
    options = assignment.options
    surroundings = Surroundings(
        environment(),
        options.seed,
        options.limits,
        options.confined,
        files,
        assignment.kernels[name],
    )
    keys = keys_of(steps, assignment.code, surroundings)
    needed = {key: kept[key] for key in keys if key in kept}
    if not assignment.execute:
        needed = {}
        for (index, step), key in zip(indexed, keys, strict=True):
            needed[key] = as_handed_in(notebook.cells[index], step)._asdict()
    return PreparedNotebook(notebook, indexed, keys, needed, steps_to_run(steps, keys, needed))


def mark_what_is_missing(notebook: NotebookNode, submitted: NotebookNode) -> None:
    """Let the tests fail that a submission lacks: no output would mean that they have passed."""
    there = {cell.metadata.nbgrader.grade_id for cell in submitted.cells}
    for cell in notebook.cells:
        if is_grade(cell) and cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id
            if name not in there:
                why = f"the cell {name} was not handed in"
                error = nbformat.v4.new_output("error", ename="Missing", evalue=why)
                cell.outputs = [error]


def as_handed_in(cell: NotebookNode, step: Step) -> Result:
    """Return how a cell ended on the student's machine, as nbgrader reads it from its outputs.

    A test without any output has passed.
    """
    score = None
    for output in cell.outputs:
        if step.kind == "check" and output.output_type == "execute_result":
            text = str(output.data.get("text/plain", ""))
            with contextlib.suppress(ValueError):
                score = float(text) if float(text) >= 0 else None
    return Result(not has_failed(cell), score, cell.outputs, 0, [])


# ---- run -------------------------------------------------------------------------------------


def run(assignment: Assignment, prepared: Prepared) -> Graded:
    """Run what has to run of a prepared submission, and return what is to be written down."""
    started = time.perf_counter()
    if prepared.problem:
        return ungraded(prepared.problem, prepared.file, prepared.says)
    ration = OutputRation()
    files: dict[str, bytes] = {}
    if prepared.has_work:
        files = {name: bytes_of(content) for name, content in prepared.files.items()}
        files |= assignment.files
    says = list(prepared.says)
    texts = {}
    marks = {}
    records = {}
    cells = 0
    lacks: dict[str, str] = {}
    for name, part in prepared.notebooks.items():
        results: list[Result] = []
        if part.to_run:
            results = run_job(job_of(assignment, name, part.to_run, files))
        record, verdicts, notes = fill_in(part, results, ration, assignment.execute)
        if assignment.execute and not assignment.kernels[name]:
            lacks |= missing_packages(part.notebook, part.steps)
        notebook, _ = LimitOutput(**assignment.trim).preprocess(part.notebook, {})
        says += notes + report.oddities(notebook, assignment.options.timeout)
        records[name] = record
        texts[name] = nbformat.v4.writes(notebook)
        marks[name] = marks_of(notebook, verdicts, assignment.checksums[name])
        cells += len(results)
    seconds = prepared.seconds + time.perf_counter() - started
    record = record_for(assignment, prepared.student, records, seconds)
    text = json.dumps(record)
    return Graded(texts, text, marks, says, cells, prepared.digests, lacks=lacks)


def job_of(
    assignment: Assignment,
    name: str,
    steps: list[Step],
    files: Mapping[str, bytes],
) -> Job:
    """Return the Job that runs some steps of a notebook."""
    return Job(
        tuple(steps),
        dict(files),
        assignment.own,
        assignment.imports,
        dict(assignment.files),
        kernel=assignment.kernels[name],
        packages=assignment.packages,
        timeouts=dict(assignment.timeouts.get(name, {})),
        **assignment.options._asdict(),
    )


def run_job(job: Job) -> list[Result]:
    """Run a job in a sandbox, or in an ordinary kernel where it names one."""
    return run_in_kernel(job) if job.kernel else FORK_SERVER.run(job)


def fill_in(
    part: PreparedNotebook,
    results: list[Result],
    ration: OutputRation,
    executed: bool = True,
) -> tuple[dict[str, Any], dict[str, tuple[bool, float | None]], list[str]]:
    """Put the results into the notebook; `ration` is what its outputs may still hold.

    Only results of cells that were `executed` are recorded, to be used again.
    Returns (the notebook's record, {grade_id of a check: (whether it passed, partial credit or
    None)}, findings).
    """
    ran = {}
    for step, done in zip(part.to_run, results, strict=True):
        ran[step.name] = done
    kept = {}
    cells = []
    verdicts = {}
    says = []
    whole = True  # all cells so far that later ones may depend on have run to their end
    for number, ((index, step), key) in enumerate(zip(part.steps, part.keys, strict=True), 1):
        done = ran[step.name] if step.name in ran else Result(**part.kept[key])
        done = ration.keep(done)
        cell = part.notebook.cells[index]
        cell.outputs = [nbformat.from_dict(output) for output in done.outputs]
        cell.execution_count = number
        if step.kind == "check":
            verdicts[step.name] = (done.well, done.score)
        # A cell that was stopped may run to its end next time, and then later cells may differ.
        whole = whole and (not done.end or step.alone)
        if whole and not done.end and executed:
            kept[key] = done._asdict()
        for note in dict.fromkeys(done.notes):
            says.append(f"in the cell `{step.name}` {note}: look at it")
        cells.append(cell_record(step, done, key))
    return {"results": kept, "cells": cells}, verdicts, says


def cell_record(
    step: Step,
    done: Result,
    key: str,
) -> dict[str, Any]:
    """Return what is recorded of how one cell ran."""
    return {
        "name": step.name,
        "kind": step.kind,
        "well": done.well,
        "end": done.end,
        "seconds": round(done.seconds, 4),
        "key": key,
    }


def record_for(
    assignment: Assignment,
    student: str,
    notebooks: dict[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """Return the record of a submission's grading, with which it can be repeated."""
    options = assignment.options
    return {
        "lesson": assignment.name,
        "learner": student,
        "graded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "environment": environment(),
        "seed": options.seed,
        "timeout": options.timeout,
        "confined": options.confined,
        "code": assignment.code.whole,
        "worker_s": round(seconds, 4),
        "notebooks": notebooks,
    }
