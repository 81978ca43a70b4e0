"""What may go wrong around a grading: sudden deaths, a full disk, a locked gradebook, two people.

Nothing may be corrupt afterwards, the person must be told what to do, and the same command must
then give the same marks as a grading that nobody disturbed.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import psutil
import pytest

from classroom import LESSON, answered, course_of_one, hand_in, make_course, points
from faults import VICTIMS, command, compare, make_class, state
from nbjudge.coordinator import grade
from nbjudge.coursedir.results import KEPT, only_one
from nbjudge.errors import AlreadyGrading, GradebookError, ProcessLost
from nbjudge.grading import running
from nbjudge.grading.options import Options
from nbjudge.job import Result, Results
from nbjudge.sandbox.host.results import error, stopped
from nbjudge.worker import submission as worker

ONE = Options(workers=1)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A graded course of three, and what it looked like before."""
    root = tmp_path_factory.mktemp("quiet")
    make_class(root / "before", 3)
    shutil.copytree(root / "before", root / "after")
    grade(root / "after", [LESSON], options=ONE)
    return root


@pytest.fixture
def course(quiet, tmp_path):
    shutil.copytree(quiet / "before", tmp_path / "course")
    return tmp_path / "course"


def test_sudden_deaths_lose_and_double_nothing(tmp_path):
    killed, expected, found = compare(tmp_path, kills=len(VICTIMS), seed=1)
    assert len(set(killed)) >= len(VICTIMS) - 1  # one may be gone before it is hit
    marks, files = found
    assert len(marks) == 20
    assert (marks, files) == expected
    left = [path.name for path in (tmp_path / "rough" / KEPT).iterdir()]
    unfinished = ("staged-", "graded-", "release-")
    assert not [name for name in left if name.startswith(unfinished)]


def killed(job):
    """What comes of a job whose process is killed in its answer `add`."""
    lost = {
        "add": stopped("died", 30, 0),
        "check-add": Result(False, None, [error("NameError", "no add")], 0, []),
    }
    return Results([lost.get(step.name) or Result(True, None, [], 0, []) for step in job.steps])


def worker_lost(job):
    raise ProcessLost("the zygote is gone")


@pytest.fixture
def failing(monkeypatch):
    """A function that lets the first jobs of a grading come to a bad end."""

    def fail(times, end):
        left = [end] * times
        run_job = worker.run_job
        monkeypatch.setattr(
            worker, "run_job", lambda job: left.pop()(job) if left else run_job(job)
        )

    return fail


@pytest.mark.parametrize("end", [killed, worker_lost])
def test_a_failure_of_the_machine_is_tried_again_before_anything_is_recorded(
    tmp_path, failing, end
):
    root = course_of_one(tmp_path)
    failing(1, end)
    told = []
    outcome = grade(root, [LESSON], options=ONE, tell=lambda *news: told.append(news))
    assert outcome.clean and outcome.findings == []
    assert points(root) == [2, 2]
    assert [done for done, *_ in told] == [0, 1]


def test_what_ends_alike_again_and_again_does_not_run_alone_for_ever(tmp_path, monkeypatch):
    make_course(tmp_path)
    for number in range(12):
        hand_in(tmp_path, f"learner-{number:02d}", answered())
    monkeypatch.setattr(worker, "run_job", killed)
    sizes = []
    run_tasks = running.run_tasks

    def counted(client, tasks):
        tasks = list(tasks)
        sizes.append(len(tasks))
        return run_tasks(client, tasks)

    monkeypatch.setattr(running, "run_tasks", counted)
    assert len(grade(tmp_path, [LESSON], options=ONE._replace(workers=2)).graded) == 12
    assert sizes == [12, 1, 1, 1, 1, 1, 4, 3]
    assert points(tmp_path, "learner-11") == [0, 2]


def test_what_followed_a_stopped_cell_runs_again_at_the_next_grading(tmp_path, failing):
    root = course_of_one(tmp_path)
    failing(2, killed)
    grade(root, [LESSON], options=ONE)
    assert points(root) == [0, 2]
    grade(root, [LESSON], options=ONE)
    assert points(root) == [2, 2]


def test_a_worker_lost_twice_is_a_sentence_and_no_mark(tmp_path, failing):
    root = course_of_one(tmp_path)
    failing(2, worker_lost)
    (finding,) = grade(root, [LESSON], options=ONE).findings
    assert finding.blocks and "the zygote is gone" in finding.says and "try again" in finding.says
    assert not (root / "autograded" / "one").exists()
    assert grade(root, [LESSON], options=ONE).clean and points(root) == [2, 2]


def test_an_interrupt_waits_for_no_cell(course):
    hand_in(course, "endless", answered(add="import time\n\ntime.sleep(25)"))
    line = [*command(course), "--learner", "endless"]
    quiet = subprocess.DEVNULL
    heeded = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it
    try:
        grading = subprocess.Popen(line, stdout=quiet, stderr=quiet)
    finally:
        signal.signal(signal.SIGINT, heeded)
    below = []
    while len(below) < 4:  # zygote, template process, and the two processes of a sandbox
        assert grading.poll() is None
        time.sleep(0.05)
        below = psutil.Process(grading.pid).children(recursive=True)
    grading.send_signal(signal.SIGINT)
    assert grading.wait(timeout=20) == 130
    assert not psutil.wait_procs(below, timeout=5)[1]


@contextlib.contextmanager
def locked(root):
    """Hold the gradebook as another program does that has it open for itself."""
    gradebook = sqlite3.connect(root / "gradebook.db", isolation_level=None)
    gradebook.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        gradebook.close()


def test_a_gradebook_locked_from_the_start(quiet, course):
    grade(course, [LESSON], [], ONE)  # makes the gradebook
    sentence = r"gradebook cannot be used \(database is locked\).*run the same command again"
    with locked(course), pytest.raises(GradebookError, match=sentence):
        grade(course, [LESSON], options=ONE)
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")


def test_a_gradebook_locked_half_way(quiet, course):
    sentence = r"database is locked.*what is graded so far is kept"
    with contextlib.ExitStack() as stack:

        def lock_after_the_first(done, *_):
            if done == 1:
                stack.enter_context(locked(course))

        with pytest.raises(GradebookError, match=sentence):
            grade(course, [LESSON], options=ONE, tell=lock_after_the_first)
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")


def test_two_gradings_at_once(course):
    sentence = r"is being graded already \(process \d+\): wait"
    with only_one(course), pytest.raises(AlreadyGrading, match=sentence):
        grade(course, [LESSON], options=ONE)


def test_a_clock_that_has_gone_back(quiet, course):
    """All that an earlier run has left behind then comes from the future."""
    first = sorted(path.name for path in (course / "submitted").iterdir())[0]
    grade(course, [LESSON], [first], ONE)
    in_an_hour = time.time() + 3600
    for folder in (course / KEPT, course / "autograded"):
        for path in folder.rglob("*"):
            os.utime(path, (in_an_hour, in_an_hour))
    os.utime(course / "gradebook.db", (in_an_hour, in_an_hour))
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")
    assert grade(course, [LESSON], options=ONE).cells == 0  # and what was kept still holds


# These two mount file systems in a mount namespace of their own (mount_namespaces(7)).

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-ec"]


def can_mount():
    """Whether this system lets anybody mount file systems in a namespace of their own."""
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run([*UNSHARE, "mount -t tmpfs none /mnt"], capture_output=True)
    return tried.returncode == 0


mounts = pytest.mark.skipif(not can_mount(), reason="only root may mount file systems here")
GRADE = " ".join(command("$COURSE", "--unconfined"))


@mounts
@pytest.mark.parametrize("left", [0, 200])
def test_a_full_disk(quiet, course, tmp_path, left):
    """With `left` kB to write; then the disk is made larger."""
    script = f"""COURSE={tmp_path}/disk; mkdir $COURSE
    mount -t tmpfs -o size=20m none $COURSE; cp -r {course}/. $COURSE
    mount -o remount,size=$(( $(df -k --output=used $COURSE | tail -1) + {left} ))k $COURSE
    {GRADE} > {tmp_path}/first 2>&1 && exit 3
    mount -o remount,size=20m $COURSE
    {GRADE}
    cp -r $COURSE {tmp_path}/copy"""
    done = subprocess.run([*UNSHARE, script], capture_output=True, text=True)
    said = (tmp_path / "first").read_text()
    assert done.returncode == 0, said + done.stdout + done.stderr
    assert "Traceback" not in said and "cannot be" in said and "run the same command again" in said
    assert state(tmp_path / "copy") == state(quiet / "after")


@mounts
def test_a_folder_that_is_read_only(course, tmp_path):
    script = (
        f"COURSE={course}; mount --bind $COURSE $COURSE; mount -o remount,bind,ro $COURSE; {GRADE}"
    )
    done = subprocess.run([*UNSHARE, script], capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "Read-only file system" in done.stderr and "allow it" in done.stderr
    assert not (course / KEPT).exists()
