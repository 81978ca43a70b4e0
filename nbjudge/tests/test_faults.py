"""What may go wrong around a grading: sudden deaths, a full disk, a locked gradebook, two people at once. Nothing may be corrupt
afterwards, the person must be told what to do, and the same command must then come to the same marks as a grading in peace."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import psutil
import pytest

from classroom import LESSON, answered, hand_in
from faults import command, compare, make_class, state
from nbjudge.coordinator import Options, grade
from nbjudge.coursedir.results import KEPT, only_one
from nbjudge.errors import AlreadyGrading, GradebookError

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
    killed, expected, found = compare(tmp_path, kills=6, seed=1)
    assert len(killed) >= 5 and set(killed) == {"coordinator", "worker", "warm parent"}
    assert found[0] == expected[0] and len(found[0]) == 20
    assert found[1] == expected[1]
    assert not [
        path.name
        for path in (tmp_path / "rough" / KEPT).iterdir()
        if path.name.startswith(("staged-", "graded-", "release-"))
    ]


def test_an_interrupt_waits_for_no_cell(course):
    hand_in(course, "endless", answered(add="import time\n\ntime.sleep(25)"))
    grading = subprocess.Popen(
        [*command(course), "--learner", "endless"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while (
        len(below := psutil.Process(grading.pid).children(recursive=True)) < 4
    ):  # warm parent, start, and the two processes of a room
        assert grading.poll() is None
        time.sleep(0.05)
    grading.send_signal(signal.SIGINT)
    assert grading.wait(timeout=10) == 130
    assert not psutil.wait_procs(below, timeout=5)[1]


@contextlib.contextmanager
def locked(root):
    """Another program has the gradebook open for itself."""
    book = sqlite3.connect(root / "gradebook.db", isolation_level=None)
    book.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        book.close()


def test_a_gradebook_locked_from_the_start(quiet, course):
    grade(course, [LESSON], [], ONE)
    with (
        locked(course),
        pytest.raises(
            GradebookError,
            match=r"gradebook cannot be used \(database is locked\).*run the same command again",
        ),
    ):
        grade(course, [LESSON], options=ONE)
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")


def test_a_gradebook_locked_half_way(quiet, course):
    with (
        contextlib.ExitStack() as stack,
        pytest.raises(GradebookError, match=r"database is locked.*what is graded so far is kept"),
    ):
        grade(
            course,
            [LESSON],
            options=ONE,
            tell=lambda done, *_: stack.enter_context(locked(course)) if done == 1 else None,
        )
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")


def test_two_gradings_at_once(course):
    with (
        only_one(course),
        pytest.raises(AlreadyGrading, match=r"is being graded already \(process \d+\): wait"),
    ):
        grade(course, [LESSON], options=ONE)


def test_a_clock_that_has_gone_back(quiet, course):
    """All that an earlier run has left behind then comes from the future."""
    first = sorted(path.name for path in (course / "submitted").iterdir())[0]
    grade(course, [LESSON], [first], ONE)
    for path in [
        *(course / KEPT).rglob("*"),
        *(course / "autograded").rglob("*"),
        course / "gradebook.db",
    ]:
        os.utime(path, (time.time() + 3600,) * 2)
    grade(course, [LESSON], options=ONE)
    assert state(course) == state(quiet / "after")
    assert grade(course, [LESSON], options=ONE).cells == 0  # and what was kept still holds


# The file systems of these two are made in namespaces of their own, as the rooms are (mount_namespaces(7)).

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-ec"]
can_mount = (
    shutil.which("unshare")
    and subprocess.run([*UNSHARE, "mount -t tmpfs none /mnt"], capture_output=True).returncode == 0
)
mounts = pytest.mark.skipif(
    not can_mount, reason="this system lets nobody but its owner mount file systems"
)
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
