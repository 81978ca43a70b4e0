"""Each unusual right answer through the rest of its lesson: where a check passes, all later given
cells must run.

python -m tests.support.whole_lesson LESSON [ANSWER ...] runs the lesson with the reference answers,
then, in a fork for each right answer of the bank, its cell and each later cell that depends on it.
Checks are left out, because `course answers` runs them, and so are answers that no given cell
needs. Below an answer stand the lines that its given cells print and those of the reference do not:
read whether they make sense. Without a lesson it takes all of them, about a minute each and some
seconds for an answer. What `@kept_on_disk` has kept is read by all answers: an experiment runs
again only where an answer has changed its code or its data. `make answers` runs it.
"""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

LIMIT = 900  # seconds for the cells after one answer


class Ran(NamedTuple):
    """A cell that ran with the reference answers."""

    defined: dict
    printed: str


class Step(NamedTuple):
    """A cell in a fork: it runs again, or what it defined with the reference answers counts."""

    cell: str
    source: str | None  # None: take what it defined
    given: bool
    before: Ran  # with the reference answers


class Rerun(NamedTuple):
    """A right answer that runs in a fork."""

    name: str
    pid: int
    folder: Path  # its copy of the notebook's folder
    log: Path
    started: float


def main(lesson: str, names: list[str]) -> int:
    """Print how each right answer's cells ended; return how many failed."""
    os.environ["OMP_NUM_THREADS"] = "1"  # a fork of a process with OpenMP threads can hang
    os.environ["MPLBACKEND"] = "agg"

    from course.authoring.build import source_notebook
    from course.notebook import kept
    from course.paths import ANSWERS
    from nbjudge.answer_bank import read_bank

    kept.tell = lambda function, what: None  # which results were read is no fault of an answer
    notebook = source_notebook(lesson)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            cells.append(cell)
    bank = read_bank(ANSWERS, lesson, notebook)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "reference", lesson)
        folder.mkdir(parents=True)
        Path(temporary, "reference", ".kept").mkdir()
        os.chdir(folder)
        notebook_module = ModuleType("__main__")  # pickle looks a lesson's classes up in it
        sys.modules["__main__"] = notebook_module
        namespace = vars(notebook_module)
        started = time.monotonic()
        ran = []  # of each cell
        for cell in cells:
            before = dict(namespace)
            printed = run(cell.source, cell.id, namespace)
            now = namespace.items()
            defined = {key: value for key, value in now if before.get(key) is not value}
            ran.append(Ran(defined, printed))
        print(f"{lesson}: {time.monotonic() - started:.0f} s with the reference", flush=True)
        failed = 0
        running: list[Rerun] = []
        for exercise, answers in bank["right"].items():
            for answer in answers:
                name = f"{exercise}/{answer.name}"
                if names and not any(wanted in name for wanted in names):
                    continue
                steps = list(with_answer(cells, ran, exercise, answer.text))
                if not any(step.given and step.source for step in steps):
                    print(f"not needed by a given cell: {name}", flush=True)
                    continue
                if len(running) == len(os.sched_getaffinity(0)):
                    failed += reap(running)
                if answer.script:  # it makes files beside the notebook, from the reference's
                    files = Step(f"files of {name}", answer.script, False, Ran({}, ""))
                    steps.insert(0, files)
                running.append(fork(name, steps, namespace, folder))
        while running:
            failed += reap(running)
    return failed


def run(source: str, name: str, namespace: dict) -> str:
    """Run a cell and return what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(source, f"<{name}>", "exec"), namespace)
    return printed.getvalue()


def with_answer(cells: list, ran: list[Ran], exercise: str, answer: str) -> Iterator[Step]:
    """Yield each cell: the answer and what depends on it later run again.

    The others define anew what they defined, because a later cell may have put something else under
    the same name.
    """
    from nbjudge.planning.names import names_of

    changed: set[str] = set()
    reached = False
    for cell, before in zip(cells, ran, strict=True):
        source = None
        given = "nbgrader" not in cell.metadata
        if cell.id == exercise:
            reached = True
            changed |= names_of(answer).sets or set()
            source = answer
        elif reached:
            sets, uses = names_of(cell.source)
            if uses & changed:
                changed |= sets or set()
                source = cell.source
        yield Step(cell.id, source, given, before)


def fork(name: str, steps: list[Step], namespace: dict, folder: Path) -> Rerun:
    """Run cells in a fork, in a copy of the folder, because two of them write the same file."""
    work = folder.parent.with_name(name.replace("/", "-"))
    own = work / folder.name
    shutil.copytree(folder, own)
    (work / ".kept").symlink_to(folder.parent / ".kept")
    log = work / "log"
    pid = os.fork()
    if pid:
        return Rerun(name, pid, own, log, time.monotonic())
    status = 1
    try:
        with open(log, "w", encoding="utf-8") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            os.chdir(own)
            signal.alarm(LIMIT)
            for cell, source, given, before in steps:
                if source is None:
                    namespace.update(own_folders(before.defined, work))
                    continue
                try:
                    printed = run(source, cell, namespace)
                except BaseException:
                    print(f"in the cell {cell}:\n{traceback.format_exc()}", flush=True)
                    raise
                expected = before.printed.splitlines()
                for line in printed.splitlines() if given else []:
                    if line not in expected:
                        of_a_plot = line.rpartition("'text/plain': ")[2]  # its text, not its image
                        print(f"    {of_a_plot[:500]}", flush=True)
            status = 0
    finally:
        os._exit(status)


def own_folders(defined: dict, work: Path) -> dict:
    """Return values with copies of temporary folders, because two forks write the same file."""
    own = dict(defined)
    temporary = Path(tempfile.gettempdir())
    for name, value in defined.items():
        if isinstance(value, Path) and value.parent == temporary and value.is_dir():
            own[name] = shutil.copytree(value, work / value.name, dirs_exist_ok=True)
    return own


def reap(running: list[Rerun]) -> int:
    """Wait for one of the forks, and print how it ended; return whether it failed."""
    pid, status = os.wait()
    ended = next(each for each in running if each.pid == pid)
    running.remove(ended)
    seconds = time.monotonic() - ended.started
    print(f"{'FAILED' if status else 'passed'} {ended.name} ({seconds:.0f} s)", flush=True)
    print(ended.log.read_text(encoding="utf-8")[-3000:], end="", flush=True)
    shutil.rmtree(ended.folder.parent)
    return bool(status)


def all_lessons() -> int:
    """Run each lesson in a process of its own; return how many had a failure."""
    from course.authoring.build import lessons

    command = [sys.executable, "-m", "tests.support.whole_lesson"]
    return sum(subprocess.run([*command, lesson]).returncode for lesson in lessons())


if __name__ == "__main__":
    failures = main(sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else all_lessons()
    sys.exit(min(failures, 1))
