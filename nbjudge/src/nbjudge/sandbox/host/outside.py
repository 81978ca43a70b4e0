"""Checks that are judged outside the student's process, in a fresh sandbox that runs none of it.

The student's process has ended by then. What comes of it is data: the values that it has handed out
for each check, and the files that it has left. The fresh sandbox is forked from the same template
process, and the given cells run in it again.
"""

import time
from collections.abc import Mapping

from nbjudge.errors import ProcessLost
from nbjudge.files import overlaid
from nbjudge.job import Job, Result, Step
from nbjudge.sandbox.host.forking_process import ForkingProcess
from nbjudge.sandbox.host.results import error
from nbjudge.sandbox.host.session import Session

MOST_BYTES = 64 << 20  # of the values for all checks of a notebook
ATTEMPTS = 2  # a check that ended its process is judged once more, alone in another one
# Files that Python imports, and so runs, from a working folder.
IMPORTED = (".py", ".pyc", ".pyd", ".so", ".pth")


def judge_outside(
    template: ForkingProcess,
    job: Job,
    given: int,
    handed: Mapping[int, bytes],
    written: Mapping[str, bytes],
) -> dict[int, Result]:
    """Return {index of a step: its Result} of the checks for which values were handed out.

    The template has run the first `given` cells. `handed`: {index of a check: its values}, by
    handout.py; `written`: the files that the student's process has left. Raises ProcessLost where
    the fresh sandbox is lost, which no submission has caused.
    """
    job = job._replace(files=plain_files(job, written))
    results = too_large(handed)
    for _ in range(ATTEMPTS):
        left = [place for place in handed if place not in results or results[place].end]
        if left:
            judge(template, job, given, {place: handed[place] for place in left}, results)
    if handed.keys() - results.keys():
        raise ProcessLost("a sandbox in which no student's code runs has ended")
    return results


def too_large(handed: Mapping[int, bytes]) -> dict[int, Result]:
    """Return {index: Result} of the checks whose values are beyond MOST_BYTES, all added up."""
    found = {}
    total = 0
    for place, values in handed.items():
        total += len(values)
        if total > MOST_BYTES:
            message = f"the values for this check and those before have over {MOST_BYTES >> 20} MB"
            found[place] = Result(False, None, [error("ValueError", message)], 0, [])
    return found


def plain_files(job: Job, written: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that the fresh sandbox shows: the instructor's, and the student's data.

    Files that Python would import, and hidden ones, in which libraries keep settings, are only
    there if they are the instructor's.
    """
    files = overlaid(job.files, written, job.assignment_files)
    found = {}
    for name, content in files.items():
        runs = name.lower().endswith(IMPORTED) or name.startswith(".")
        if not runs or name in job.assignment_files:
            found[name] = content
    return found


def judge(
    template: ForkingProcess,
    job: Job,
    given: int,
    handed: Mapping[int, bytes],
    results: dict[int, Result],
) -> None:
    """Run the given cells and these checks in one fresh sandbox, and put down the results.

    A given cell may fail here, where it uses what an answer has defined: the checks that need what
    it sets then say so. A check whose names later cells use runs as a given cell as well.
    """
    ends = time.monotonic() + job.total
    with Session(template, job, None if given else job.seed) as session:
        for place, step in enumerate(job.steps[: max(handed) + 1]):
            left = min(job.timeouts.get(step.name, job.timeout), ends - time.monotonic())
            if place in handed and not session.over:
                results[place] = session.run(step, left, handed[place])
            if place >= given and sets_names(step) and not session.over:
                session.run(step._replace(kind="given", asks=None), left)


def sets_names(step: Step) -> bool:
    """Return whether a step is the instructor's, and sets names that later ones may use."""
    return step.kind == "given" or (step.kind == "check" and not step.alone)
