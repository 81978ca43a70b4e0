"""One submission, from the bytes that were handed in to what is to be written down. This is what workers do.

A pure function of the lesson, the files and what an earlier run has left, so it can run anywhere and again; nothing here sees
the course's folders or its gradebook.
"""

import json
import os
import time
from typing import NamedTuple

import nbformat
from nbgrader.preprocessors import LimitOutput

from nbjudge.coursedir import report
from nbjudge.coursedir.gradebook import marks_of
from nbjudge.coursedir.rebuild import rebuild
from nbjudge.coursedir.submissions import Ungradable, parse_notebook
from nbjudge.job import Job, Result
from nbjudge.planning import plan
from nbjudge.planning.fingerprints import Code
from nbjudge.worker.kernels import run_in_kernel


class Lesson(NamedTuple):
    """What all submissions of a lesson have in common."""

    name: str
    sources: dict  # {notebook: the instructor's}
    given: dict  # {notebook: as it was given out}
    checksums: dict  # {notebook: {grade_id: checksum of the cell as it was given out}}
    files: dict  # {name: bytes}, what the instructor laid beside the notebooks
    imports: tuple
    packages: tuple  # that a worker imports once, for all lessons
    own: tuple  # top-level packages of the instructor's
    code: Code  # the instructor's modules
    kernels: dict  # {notebook: name of an ordinary kernel, "" for a room}
    skip: list  # tags of cells that do not run
    job: dict  # fields of each Job
    trim: dict  # nbgrader's LimitOutput


class HandedIn(NamedTuple):
    """A submission as it was found."""

    notebooks: dict  # {notebook: (its file, relative to the course's root; bytes)}
    files: dict  # {name: bytes, or a path that workers can read}, what lies beside them
    says: list


class Assessed(NamedTuple):
    """What is to be written down; of a submission that could not be graded, only sentences."""

    notebooks: dict  # {name: text of the executed notebook}
    record: str
    marks: dict  # {notebook: what record.marks_of says}
    says: list
    cells: int  # that ran
    problem: str = ""  # why nothing could be graded
    file: str = ""  # the one that the problem is about


def ungraded(problem, file, says=()):
    return Assessed({}, "", {}, list(says), 0, problem, file)


class Part(NamedTuple):
    """A notebook of a submission: what there is to run, and what an earlier run has left."""

    notebook: object
    steps: list  # (index of its cell, Step)
    keys: list  # one for each step
    kept: dict  # {key: result}
    todo: Job | None  # what is not kept


if hasattr(os, "fork"):  # not on Windows, where ordinary kernels run everything
    from nbjudge.sandbox.host.fork_server import FORK_SERVER


def work(lesson, handed_in, learner, kept):
    """On a worker: assess, and run what has to run."""
    return assess(lesson, handed_in, learner, kept, run)


def run(job):
    return run_in_kernel(job) if job.kernel else FORK_SERVER.run(job)


def assess(lesson, handed_in, learner, kept, run=None):
    """An Assessed; None where something has to run and there is no `run(job)` to do it.

    `kept`: the record of the last run as text, "" where there is none.
    """
    started, says, file = time.perf_counter(), list(handed_in.says), ""
    try:
        earlier, parts = read_kept(kept), {}
        theirs = {
            name: content if isinstance(content, bytes) else content.read_bytes()
            for name, content in handed_in.files.items()
        }
        beside = theirs | lesson.files
        for name in handed_in.notebooks:
            file, data = handed_in.notebooks[name]
            submitted, more = parse_notebook(data)
            try:
                notebook, odd = rebuild(lesson.sources[name], submitted, lesson.given[name])
            except ValueError as error:
                raise Ungradable(
                    f"the notebook {error}, so nothing was graded: ask the learner for the right one"
                ) from None
            says += more + odd
            parts[name] = prepare(
                lesson, name, notebook, beside, earlier.get(name, {}).get("results", {})
            )
        says += [
            f"the lesson's own {name} is used and not the learner's, nothing to do"
            for name in theirs
            if lesson.files.get(name, theirs[name]) != theirs[name]
        ]
    except Ungradable as reason:
        return ungraded(str(reason), file, says)
    except Exception as error:  # whatever one submission holds, the others are graded
        return ungraded(
            f"it cannot be read or prepared ({type(error).__name__}: {error}), so nothing was graded: look at the file by hand",
            file,
            says,
        )
    if run is None and any(part.todo for part in parts.values()):
        return None
    results = {name: run(part.todo) if part.todo else [] for name, part in parts.items()}
    texts, marks, records, cells = {}, {}, {}, 0
    for name, part in parts.items():
        records[name], verdicts, more = fill_in(part, results[name])
        notebook, _ = LimitOutput(**lesson.trim).preprocess(part.notebook, {})
        says += more + report.oddities(notebook, lesson.job["timeout"])
        texts[name] = nbformat.v4.writes(notebook)
        marks[name] = marks_of(notebook, verdicts, lesson.checksums[name])
        cells += len(results[name])
    record = {
        "lesson": lesson.name,
        "learner": learner,
        "graded": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "environment": plan.environment(),
        **{field: lesson.job[field] for field in ("seed", "timeout", "confined")},
        "code": lesson.code.whole,
        "worker_s": round(time.perf_counter() - started, 4),
        "notebooks": records,
    }
    return Assessed(texts, json.dumps(record), marks, says, cells)


def read_kept(text):
    """{notebook: what the record of its last run says}."""
    try:
        return json.loads(text)["notebooks"] if text else {}
    except (ValueError, KeyError, TypeError):
        return {}


def prepare(lesson, name, notebook, files, kept):
    steps = plan.steps_of(notebook, lesson.sources[name], lesson.skip)
    job = Job(
        tuple(step for _, step in steps),
        files,
        lesson.own,
        lesson.imports,
        lesson.files,
        kernel=lesson.kernels[name],
        packages=lesson.packages,
        **lesson.job,
    )
    keys = plan.keys_of(job, lesson.code)
    return Part(notebook, steps, keys, kept, plan.only_missing(job, keys, kept))


def fill_in(part, results):
    """Put the results into the notebook; return (its record, {grade_id of a check: (well, score or None)}, sentences)."""
    ran = (
        dict(zip((step.name for step in part.todo.steps), results, strict=True))
        if part.todo
        else {}
    )
    kept, cells, verdicts, says = {}, [], {}, []
    for number, ((index, step), key) in enumerate(zip(part.steps, part.keys, strict=True), start=1):
        done = ran[step.name] if step.name in ran else Result(**part.kept[key])
        cell = part.notebook.cells[index]
        cell.outputs, cell.execution_count = (
            [nbformat.from_dict(output) for output in done.outputs],
            number,
        )
        if step.kind == "check":
            verdicts[step.name] = done.well, done.score
        if not done.end:
            kept[key] = done._asdict()
        says += [
            f"in the cell `{step.name}` {note}: look at it" for note in dict.fromkeys(done.notes)
        ]
        cells.append(
            {
                "name": step.name,
                "kind": step.kind,
                "well": done.well,
                "end": done.end,
                "seconds": round(done.seconds, 4),
                "key": key,
            }
        )
    return {"results": kept, "cells": cells}, verdicts, says
