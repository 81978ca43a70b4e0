"""Stock nbgrader in a process of its own, so that nothing a submission does can take the grading of the others with it."""
import contextlib
import glob
import multiprocessing
import os
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

CONFIG = "nbgrader_config.py"


class Done(NamedTuple):
    """What came of one step: `log` is nbgrader's own, `cell` the last cell that was started."""

    ok: bool
    log: str
    cell: str = ""


def settings(root):
    """The course's nbgrader settings as a traitlets Config, with our preprocessors in place. Brings the source notebooks up to date."""
    from traitlets.config import Config, PyFileConfigLoader

    from course.grading.plugins import configure

    config, ours = Config(), str(Path(sys.executable).parent)
    if ours not in os.environ["PATH"].split(os.pathsep):  # nbgrader calls `alembic` by name
        os.environ["PATH"] = os.pathsep.join([ours, os.environ["PATH"]])
    if (root / CONFIG).exists():
        config.merge(PyFileConfigLoader(CONFIG, path=str(root)).load_config())
    config.CourseDirectory.root = str(root)
    configure(config)
    return config


def gradebook_url(root):
    from nbgrader.coursedir import CourseDirectory

    return CourseDirectory(config=settings(root)).db_url


def write_nested_settings(root, folder):
    """A course inside another one, with files and a gradebook of its own; `nbgrader` works from there too."""
    lines = ['"""A course of its own with the settings of the one it was made from."""', "c = get_config()  # noqa: F821"]
    if (root / CONFIG).exists():
        lines.append(f"load_subconfig({str(root / CONFIG)!r})  # noqa: F821")
    lines += [f"c.CourseDirectory.root = {str(folder)!r}", f"c.CourseDirectory.db_url = {'sqlite:///' + str(folder / 'gradebook.db')!r}"]
    (folder / CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextlib.contextmanager
def nbgrader_process(root, staging, timeout=None):
    """Yield call(step, lesson, learner=".", limit=None) -> Done, running nbgrader's steps in another process.

    Submissions are read from `staging`/submitted; a release that is generated lands in `staging`/release. `timeout` (seconds
    a cell) overrides the course's setting. A step that takes longer than `limit` seconds is ended with all it started.
    Numerical libraries get one thread: two of them on a busy machine wait for each other, and a lesson's cells gain little.
    """
    context = multiprocessing.get_context("spawn")
    process = pipe = None

    def start():
        nonlocal process, pipe
        pipe, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, root, staging, timeout), daemon=True)
        process.start()
        theirs.close()

    def stop():
        family = psutil.Process(process.pid).children(recursive=True) if process.is_alive() else []
        process.kill()
        for child in family:  # kernels have sessions of their own and outlive their parent
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.join()
        pipe.close()

    def call(step, lesson, learner=".", limit=None):
        if process is None or not process.is_alive():
            start()
        pipe.send((step, lesson, learner))
        cell, done, ends = "", None, time.monotonic() + (limit or float("inf"))
        try:
            while done is None and pipe.poll(min(max(ends - time.monotonic(), 0), 1e6)):
                said = pipe.recv()
                if isinstance(said, tuple):
                    done = Done(*said, cell)
                else:
                    cell = said
            return done or Done(False, f"TimeLimit: not done after {limit:.0f} s", cell)
        except (EOFError, ConnectionError):
            return Done(False, "WorkerDied: nbgrader's process ended, perhaps for want of memory", cell)
        finally:
            if done is None:
                stop()
                if step == "autograde":  # what nbgrader has begun to write looks like a graded notebook
                    shutil.rmtree(root / "autograded" / learner / lesson, ignore_errors=True)

    try:
        yield call
    finally:
        if process is not None:
            stop()


def serve(pipe, root, staging, timeout):
    """The other process: one job after the other, until it is killed."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # nbgrader's log comes back with the result; what kernels write to the terminal is nobody's
    os.dup2(quiet, 2)
    os.environ["OMP_NUM_THREADS"] = "1"

    from nbgrader.converters import Autograde, GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    from course.grading.report import name_of

    config = settings(root)
    config.CourseDirectory.submitted_directory = f"{staging.name}/submitted"
    config.CourseDirectory.release_directory = f"{staging.name}/release"
    config.Execute.on_cell_start = lambda cell, cell_index: pipe.send(name_of(cell))
    if timeout:
        config.Execute.timeout = timeout
    steps = {"autograde": Autograde, "generate_assignment": GenerateAssignment}
    while True:
        try:
            step, lesson, learner = pipe.recv()
        except EOFError:
            return
        folders = CourseDirectory(config=config, assignment_id=lesson, student_id=glob.escape(learner))
        result = capture_log(steps[step](coursedir=folders, config=config, force=True))
        pipe.send((result["success"], result.get("log", "") + result.get("error", "")))
