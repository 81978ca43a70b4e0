"""The files that a notebook has left in its working folder, read when nothing of it runs any more.

Only regular files count, under names that any file system can hold. What a notebook writes is kept
within bounds, because the coordinator has the files of many submissions in its hands.
"""

import os
import stat
from collections.abc import Iterator, Mapping

from nbjudge.sandbox.wire import WRITTEN_BYTES, WRITTEN_FILES, is_fit


def changed_files(
    folder: str, before: Mapping[str, bytes], most_bytes: int = WRITTEN_BYTES
) -> Iterator[tuple[str, bytes | None]]:
    """Yield (relative name, content) of each file that is new or differs from `before`, by name.

    The content is None for what is left out: a link or a device, a name that is not UTF-8 or too
    long, a file that cannot be read, and all that is beyond `most_bytes` or WRITTEN_FILES.
    """
    left = most_bytes
    count = 0
    for name in names_below(folder):
        size = size_of(folder, name)
        content = None
        if is_fit(name) and size is not None and size <= left + len(before.get(name, b"")):
            content = read_regular(os.path.join(folder, name), size)
        if content is not None and content == before.get(name):
            continue
        if content is not None and (count == WRITTEN_FILES or len(content) > left):
            content = None
        if content is not None:
            left -= len(content)
            count += 1
        yield name, content


def names_below(folder: str) -> Iterator[str]:
    """Yield the relative names of all that lies below a folder and is no folder, in order.

    Left out are __pycache__ and folders at the top whose names begin with a dot: libraries keep
    caches and settings there, because in a sandbox the working folder is HOME as well.
    """
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = sorted(os.scandir(os.path.join(folder, inside)), key=lambda each: each.name)
        except OSError:  # it cannot be opened, so nobody can read what is in it
            continue
        folders = []
        for entry in entries:
            name = os.path.join(inside, entry.name)
            if not entry.is_dir(follow_symlinks=False):
                yield name
            elif entry.name != "__pycache__" and not name.startswith("."):
                folders.append(name)
        waiting += reversed(folders)


def size_of(folder: str, name: str) -> int | None:
    """Return the bytes of a regular file, None for everything else."""
    try:
        status = os.lstat(os.path.join(folder, name))
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def read_regular(path: str, size: int) -> bytes | None:
    """Return the first `size` bytes of a regular file; None where there is none, or only a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        try:
            return file.read(size) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except OSError:
            return None
