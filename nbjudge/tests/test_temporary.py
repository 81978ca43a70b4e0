"""Temporary folders: removed with their process, or by the next one if that was killed."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nbjudge import temporary

HOLDER = """
import sys
from nbjudge.temporary import new_folder
print(new_folder("sandbox"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The system's folder for temporary files, for this test and for what it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def start_holder():
    """(a process that holds a folder, the folder)"""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def test_a_process_removes_its_folders_when_it_ends(place):
    process, folder = start_holder()
    assert folder.is_dir() and folder.parent.parent == place
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    process.communicate()
    assert not any(place.iterdir())


def test_folders_of_a_killed_process_are_removed_and_those_of_a_running_one_are_not(place):
    running, kept = start_holder()
    killed, left = start_holder()
    (left / "file").touch()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert left.exists()
    temporary.remove_left_over()
    assert not left.parent.exists()
    assert kept.exists()
    running.communicate()


def test_nothing_else_is_removed_and_no_link_is_followed(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / temporary.LOCK).touch()
    (elsewhere / "precious").touch()
    (place / f"{temporary.PREFIX}link").symlink_to(elsewhere)
    without_lock = place / f"{temporary.PREFIX}other"
    without_lock.mkdir()
    lock_is_link = place / f"{temporary.PREFIX}linked-lock"
    lock_is_link.mkdir()
    (lock_is_link / temporary.LOCK).symlink_to(elsewhere / temporary.LOCK)
    (place / f"{temporary.PREFIX}file").touch()
    left = place / f"{temporary.PREFIX}left"
    left.mkdir()
    (left / temporary.LOCK).touch()
    (left / "link").symlink_to(elsewhere)
    before = set(place.iterdir())
    temporary.remove_left_over()
    assert before - set(place.iterdir()) == {left}
    assert {path.name for path in elsewhere.iterdir()} == {temporary.LOCK, "precious"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_folders_of_other_users_are_not_removed(place):
    theirs = place / f"{temporary.PREFIX}theirs"
    theirs.mkdir()
    (theirs / temporary.LOCK).touch()
    os.chown(theirs, 65530, 65530)
    temporary.remove_left_over()
    assert theirs.exists()
