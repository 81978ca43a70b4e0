"""One submission, from the bytes that were handed in to what is to be written down.

There are two halves. `prepare` (preparing.py) reads, rebuilds and plans. `run` runs the cells that
have no kept result and puts all results into the notebook. Both depend only on the assignment, the
files and the kept results, so they can run on any machine, and more than once.
"""

import json
import os
import time
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.preprocessors import LimitOutput

from nbjudge.coursedir import report
from nbjudge.coursedir.failures import explain
from nbjudge.coursedir.gradebook import Marks, marks_of
from nbjudge.coursedir.submissions import Submission
from nbjudge.files import overlaid
from nbjudge.job import Job, Result, Results, Step
from nbjudge.planning.keys import (
    key_of_values,
)
from nbjudge.sandbox.host import probe
from nbjudge.sandbox.host.results import OutputRation
from nbjudge.sandbox.wire import WRITTEN_BYTES, WRITTEN_FILES
from nbjudge.worker.environment import environment
from nbjudge.worker.kernels import run_in_kernel
from nbjudge.worker.lesson_faults import missing_packages
from nbjudge.worker.notes import joined
from nbjudge.worker.preparing import (
    NOTHING_KEPT,
    Assignment,
    Prepared,
    PreparedNotebook,
    bytes_of,
    digests_of,
    plan,
    prepare,
    protected_names,
)

if hasattr(os, "fork"):  # not on Windows, where ordinary kernels run everything
    from nbjudge.sandbox.host.fork_server import FORK_SERVER


KEPT_VALUES = 1 << 20  # bytes of the values for a check that is judged outside, to be kept


class Graded(NamedTuple):
    """What is to be written down; of a submission that could not be graded, only sentences."""

    notebooks: dict[str, str]  # {notebook: text of the executed one}
    record: str
    marks: dict[str, Marks]  # {notebook: its marks}
    says: list[str]
    cells: int  # that ran
    digests: Mapping[str, str]  # {name of a submission's file: SHA-256 of its content}
    written: Mapping[str, bytes | Path] = {}  # what its cells have written, by relative name
    problem: str = ""  # why nothing could be graded
    file: str = ""  # the one that the problem is about
    stopped: bool = False  # a cell did not run to its end, which may be the grader's own failure
    lacks: Mapping[str, str] = {}  # {package that is not installed: the assignment's cell}


def ungraded(
    problem: str,
    file: str,
    says: Iterable[str] = (),
) -> Graded:
    """Return what is to be written down of a submission that could not be graded."""
    return Graded({}, "", {}, list(says), 0, {}, problem=problem, file=file)


def grade_submission(
    assignment: Assignment, submission: Submission | Prepared, processes: int = 1
) -> Graded:
    """Grade one submission; this is what a worker does.

    `processes`: how many may share the checks of a notebook.
    """
    if isinstance(submission, Submission):
        submission = prepare(assignment, submission)
    return run(assignment, submission, processes)


def run(assignment: Assignment, prepared: Prepared, processes: int = 1) -> Graded:
    """Run what has to run of a prepared submission, and return what is to be written down."""
    started = time.perf_counter()
    if prepared.problem:
        return ungraded(prepared.problem, prepared.file, prepared.says)
    ration = OutputRation()
    files: dict[str, bytes] = {}
    if prepared.has_work:
        files = {name: bytes_of(content) for name, content in prepared.files.items()}
        files |= assignment.files
    written: dict[str, bytes | Path] = {}  # by the notebooks so far, which share their folder
    says = list(prepared.says)
    texts = {}
    marks = {}
    records = {}
    cells = 0
    stopped = False
    lacks: dict[str, str] = {}
    for name, part in prepared.notebooks.items():
        results = Results()
        if part.to_run:
            earlier = {file: bytes_of(content) for file, content in written.items()}
            job = job_of(assignment, name, part.to_run, overlaid(files, earlier))
            job = job._replace(processes=max(processes, job.processes))
            results = run_job(judging_again(job, part) if part.only_judges else job)
        left, digests, left_out = left_by(part, results)
        written, too_many = within_bounds(overlaid(written, left))
        record, verdicts, notes = fill_in(part, results, ration, assignment.execute)
        record["written"] = {
            "files": {file: digest for file, digest in digests.items() if file in written},
            "left_out": left_out + too_many,
            "chain": part.chain,
        }
        if left_out + too_many:
            says.append(not_kept(name, left_out + too_many))
        record["handed"] = handed_now(part, results)
        record["own_seeds"] = dict(part.own_seeds)
        explain(part.notebook, assignment.given[name])
        if assignment.execute and not assignment.kernels[name]:
            lacks |= missing_packages(part.notebook, part.steps)
        notebook, _ = LimitOutput(**assignment.trim).preprocess(part.notebook, {})
        says += joined(says, notes) + report.oddities(notebook)
        records[name] = record
        texts[name] = nbformat.v4.writes(notebook)
        marks[name] = marks_of(notebook, verdicts, assignment.checksums[name])
        cells += len(results)
        stopped = stopped or any(result.end for result in results)
    seconds = prepared.seconds + time.perf_counter() - started
    record = record_for(assignment, prepared.student, records, seconds)
    new = overlaid({}, written, protected_names(assignment))
    text = json.dumps(record)
    return Graded(
        texts,
        text,
        marks,
        says,
        cells,
        prepared.digests,
        written=new,
        stopped=stopped,
        lacks=lacks,
    )


def judging_again(job: Job, part: PreparedNotebook) -> Job:
    """Return the Job that judges checks from what the last run has left."""
    return job._replace(
        steps=tuple(step for _, step in part.steps),
        handed={step.name: part.handed[step.name] for step in part.to_run},
        left={file: bytes_of(content) for file, content in part.kept_files.items()},
    )


def handed_now(part: PreparedNotebook, results: Results) -> dict[str, str]:
    """Return {key: values as Base64} to be kept for the checks that are judged outside.

    After a cell that was stopped, the values may be others next time. Large ones are not kept.
    """
    if any(result.end for result in results):
        return {}
    steps = [step for _, step in part.steps]
    values = {**part.handed, **results.handed}
    found = {}
    for place, step in enumerate(steps):
        key = key_of_values(steps, part.keys, place) if step.name in values else ""
        if key and len(values[step.name]) <= KEPT_VALUES:
            found[key] = b2a_base64(values[step.name], newline=False).decode()
    return found


def left_by(
    part: PreparedNotebook,
    results: Results,
) -> tuple[Mapping[str, bytes | Path], Mapping[str, str], int]:
    """Return (the files that a notebook has left, their digests, how many more there were).

    If only some checks ran again, they are those of the last run.
    """
    if part.to_run and part.runs_whole:
        return results.written, digests_of(results.written), results.left_out
    return part.kept_files, part.written, part.left_out


def not_kept(notebook: str, count: int) -> str:
    """Return the finding that some files which a notebook wrote are not kept."""
    return (
        f"{count:,} of the files that {notebook}.ipynb wrote are not in autograded/ (links, odd "
        f"names, or more than {WRITTEN_FILES:,} files or {WRITTEN_BYTES / 1e6:.0f} MB): if they "
        "matter, ask the learner for them"
    )


def within_bounds(files: Mapping[str, bytes | Path]) -> tuple[dict[str, bytes | Path], int]:
    """Return (as many of the files as a submission may leave, how many others there were)."""
    kept: dict[str, bytes | Path] = {}
    left = WRITTEN_BYTES
    for name, content in files.items():
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size <= left and len(kept) < WRITTEN_FILES:
            left -= size
            kept[name] = content
    return kept, len(files) - len(kept)


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
        lesson=assignment.lesson,
        packages=assignment.packages,
        timeouts=dict(assignment.timeouts.get(name, {})),
        **assignment.options._asdict(),
    )


def run_job(job: Job) -> Results:
    """Run a job in an ordinary kernel where it names one, else in a sandbox.

    It runs without a sandbox only where it may and none can be built.
    """
    if job.kernel:
        return run_in_kernel(job)
    return FORK_SERVER.run(job._replace(confined=job.confined or not probe.missing()))


def make_ready(assignment: Assignment) -> None:
    """Start the template processes of an assignment, after the server has been warmed up.

    Where ordinary kernels run, there are none. Raises ProcessLost where they cannot be started.
    """
    for name, given in assignment.given.items():
        part = plan(assignment, name, given, assignment.file_digests, NOTHING_KEPT, ())
        job = job_of(assignment, name, [step for _, step in part.steps], assignment.files)
        if not job.kernel:
            FORK_SERVER.make_ready(job)


def end_templates() -> None:
    """End the template processes of this process, and what runs in their forks."""
    if hasattr(os, "fork"):
        FORK_SERVER.close()


def fill_in(
    part: PreparedNotebook,
    results: list[Result],
    ration: OutputRation,
    executed: bool = True,
) -> tuple[dict[str, Any], dict[str, tuple[bool, float | None]], list[tuple[str, str]]]:
    """Put the results into the notebook; `ration` is what its outputs may still hold.

    Only results of cells that were `executed` are recorded, to be used again.
    Returns (the notebook's record, {grade_id of a check: (whether it passed, partial credit or
    None)}, (cell, note) of the sandbox's notes).
    """
    ran = {}
    for step, done in zip(part.to_run, results, strict=True):
        ran[step.name] = done
    kept = {}
    cells = []
    verdicts = {}
    notes = []
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
        if whole and executed and not done.end:
            kept[key] = done._asdict()
        for note in dict.fromkeys(done.notes):
            notes.append((step.name, note))
        cells.append(cell_record(step, done, key))
    return {"results": kept, "cells": cells}, verdicts, notes


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
