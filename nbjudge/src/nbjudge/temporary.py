"""Folders for as long as this process lives, and the removal of those that a killed one has left.

All temporary folders of a process lie in one folder of its own, below the system's folder for
temporary files. In it is a file that the process keeps locked. The system frees the lock when the
process ends, in whatever way, so whoever gets the lock knows that the folder is left over.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

PREFIX = "nbjudge-"
LOCK = "in-use"

_lock = threading.Lock()
_own: dict[int, tuple[str, int]] = {}  # {pid: (folder, descriptor of the locked file)}


@contextlib.contextmanager
def temporary_folder(kind: str) -> Iterator[str]:
    """Yield the path of a new empty folder, which is removed after the block."""
    folder = new_folder(kind)
    try:
        yield folder
    finally:
        remove_folder(folder)


def new_folder(kind: str) -> str:
    """Make an empty folder for this process and what it starts, and return its path.

    `remove_folder` removes it, at the latest the end of the process. `kind` is the first part of
    its name.
    """
    with _lock:
        pid = os.getpid()
        if pid not in _own:
            remove_left_over()
            _own[pid] = locked_folder()
            atexit.register(remove_own, pid)
        return tempfile.mkdtemp(prefix=f"{kind}-", dir=_own[pid][0])


def remove_folder(folder: str) -> None:
    """Remove a folder that `new_folder` has made, and the one around it if it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    with _lock, contextlib.suppress(OSError):
        if os.listdir(os.path.dirname(folder)) == [LOCK]:
            remove_own(os.getpid())


def locked_folder() -> tuple[str, int]:
    """Make a folder with a locked file in it; return (folder, descriptor of the file).

    Between its making and its locking another process may have taken it for left over. Then a
    second one is made.
    """
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        with contextlib.suppress(FileNotFoundError):
            path = os.path.join(folder, LOCK)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if lock(descriptor) and os.path.exists(path):
                return folder, descriptor
            os.close(descriptor)


def lock(descriptor: int) -> bool:
    """Lock a file unless it is locked; return whether that was possible."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # on Windows, where nothing is left to be found by others
        return True
    except OSError:
        return False
    return True


def remove_own(pid: int) -> None:
    """Remove the folder of the process with this pid, unless this is a fork of it."""
    if pid == os.getpid() and pid in _own:
        atexit.unregister(remove_own)
        folder, descriptor = _own.pop(pid)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_left_over() -> None:
    """Remove the folders of this user's processes that have ended.

    Links are not followed: a folder counts only if it is one and belongs to this user, and
    shutil.rmtree removes links themselves.
    """
    if not hasattr(os, "geteuid"):
        return
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                remove_if_left_over(path, folder)
            finally:
                os.close(folder)


def remove_if_left_over(path: Path, folder: int) -> None:
    """Remove an opened folder if it belongs to this user and no process holds its lock.

    Raises OSError where it has no such file, so it is not known whose it is.
    """
    if os.fstat(folder).st_uid != os.geteuid():
        return
    descriptor = os.open(LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        if lock(descriptor):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
