"""Why results cannot be written: a full disk, a missing right, or one file of a submission."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from nbjudge.errors import CourseError

CANNOT_WRITE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
}


@contextlib.contextmanager
def told_where_to_make_room(root: Path) -> Iterator[None]:
    """Turn an OSError that keeps results from being written into a CourseError."""
    try:
        yield
    except OSError as problem:
        if not cannot_write(problem):
            raise
        raise CourseError(
            f"{problem.filename or root} cannot be written ({problem.strerror}): make room there, "
            "or allow it; what is graded so far is kept; run the same command again, it goes on "
            "from there"
        ) from problem


def cannot_write(problem: Exception) -> bool:
    """Return whether this keeps all results from being written, not those of one submission."""
    return isinstance(problem, OSError) and problem.errno in CANNOT_WRITE


def is_below(folder: Path, problem: Exception) -> bool:
    """Return whether an OSError is about a file in this folder."""
    name = getattr(problem, "filename", None)
    return isinstance(name, (str, Path)) and folder in Path(name).parents
