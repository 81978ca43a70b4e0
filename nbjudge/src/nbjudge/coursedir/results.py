"""What a grading leaves on disk: autograded/, as nbgrader's, and .grading/, the engine's own."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbjudge.coursedir.settings import KEPT, Settings
from nbjudge.errors import AlreadyGrading
from nbjudge.files import replace_folder, write_files

EARLIER = "submitted-earlier"  # submissions that later ones have replaced

# folders of a course that no submission may see
PRIVATE = ("source", "solutions", "submitted", EARLIER, "autograded", "feedback", "report", KEPT)


def record_of(
    root: Path,
    assignment: str,
    student: str,
) -> Path:
    """Return where the record of a submission's last grading lies."""
    return root / KEPT / "results" / student / f"{assignment}.json"


def read_record(
    root: Path,
    assignment: str,
    student: str,
) -> str:
    """Return the record of a submission's last grading, "" where none can be read."""
    try:
        path = record_of(root, assignment, student)
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def write_autograded(
    settings: Settings,
    target: Path,
    notebooks: Mapping[str, str],
    files: Mapping[str, bytes | Path],
    timestamp: Path | None,
) -> None:
    """Put executed notebooks {name: text} and what lay beside them at `target`, whole or not.

    `timestamp` is the file that says when the submission was handed in, where there is one.
    """
    part = part_beside(settings, target)
    try:
        write_files(part, files)
        for name, text in notebooks.items():
            (part / f"{name}.ipynb").write_text(text, encoding="utf-8")
        if timestamp:
            shutil.copyfile(timestamp, part / timestamp.name)
        part.chmod(0o755)  # mkdtemp makes folders for their owner only
        set_permissions(settings, part)
        replace_folder(part, target)
        if settings.directory.groupshared:
            share(settings.folders.autograded(".", "."))
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def part_beside(settings: Settings, target: Path) -> Path:
    """Return a new folder on the file system of `target`, so that it can be renamed to it.

    c.CourseDirectory.autograded_directory may lie on another one than the course.
    """
    kept = settings.root / KEPT
    above = next(folder for folder in target.parents if folder.exists())
    if kept.stat().st_dev == above.stat().st_dev:
        return Path(tempfile.mkdtemp(prefix="graded-", dir=kept))
    return Path(tempfile.mkdtemp(prefix=".graded-", dir=above))


def set_permissions(settings: Settings, folder: Path) -> None:
    """Give files the permissions that the settings say, and a shared group its folders."""
    for place, _, names in os.walk(folder):
        for name in names:
            os.chmod(os.path.join(place, name), settings.permissions)
        if settings.directory.groupshared:
            share(place)


def share(folder: Path | str) -> None:
    """Let a folder's group write into it; what is made there belongs to the same group."""
    mode = os.stat(folder).st_mode
    if mode & 0o2770 != 0o2770:
        os.chmod(folder, (mode | 0o2770) & 0o2777)


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the course's lock, so that two gradings cannot undo each other's work.

    Raises AlreadyGrading where another process holds it. The system frees the lock when its
    process ends, in whatever way.
    """
    (root / KEPT).mkdir(exist_ok=True)
    (root / KEPT).chmod(0o700)  # it holds what learners handed in and what hidden tests said
    with open(root / KEPT / "lock", "a+") as file:
        (root / KEPT / "lock").chmod(0o600)
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # not on Windows
            pass
        except OSError:
            file.seek(0)
            raise AlreadyGrading(
                f"this course is being graded already (process {file.read().strip() or 'unknown'}):"
                " wait until that is done, or stop it"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        remove_unfinished(root)
        yield


def remove_unfinished(root: Path) -> None:
    """Remove the half-written folders of a grading that was killed."""
    for pattern in ("release-*", "graded-*"):
        for path in (root / KEPT).glob(pattern):
            shutil.rmtree(path, ignore_errors=True)
