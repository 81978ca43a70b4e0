"""Where a course keeps its notebooks: the folders that nbgrader's settings name."""

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

ANYBODY = "0nbjudge0"  # stands for the student's or the assignment's name in a path that is matched


@dataclass(frozen=True)
class Folders:
    """The folders of a course, as c.CourseDirectory lays them out."""

    root: Path
    directory: CourseDirectory

    def source(self, assignment: str) -> Path:
        """Return the folder of an assignment's source notebooks."""
        return self._path(self.directory.source_directory, ".", assignment)

    def release(self, assignment: str) -> Path:
        """Return the folder of the notebooks that were given out."""
        return self._path(self.directory.release_directory, ".", assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        """Return the folder of what a student handed in."""
        return self._path(self.directory.submitted_directory, student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        """Return the folder of what was graded."""
        return self._path(self.directory.autograded_directory, student, assignment)

    def assignments(self) -> list[str]:
        """Return the names of the assignments that have source notebooks, in order."""
        folder = self._path(self.directory.source_directory, ".", ANYBODY)
        names = (name for name, path in expanded(folder) if any(path.glob("*.ipynb")))
        return sorted(names)

    def submissions(self, assignment: str) -> list[tuple[str, Path]]:
        """Return [(student, folder)] of all that was handed in for an assignment, in order.

        There is something at the place of each folder; what it is does not matter here.
        """
        return sorted(expanded(self.submitted(ANYBODY, assignment)))

    def shown(self, path: Path) -> str:
        """Return a path as sentences show it: relative to the course's folder if it lies there."""
        inside = path.is_relative_to(self.root)
        return (path.relative_to(self.root) if inside else path).as_posix()

    def private(self) -> list[Path]:
        """Return the folders that no submission may see."""
        found: dict[Path, None] = {}
        for step in ("source", "source_with_tests", "submitted", "autograded", "feedback"):
            found |= dict.fromkeys(self._all_of(getattr(self.directory, f"{step}_directory")))
        found |= dict.fromkeys(self._all_of(self.directory.solution_directory))
        return list(found)

    def _all_of(self, step: str) -> list[Path]:
        """Return the folders that hold a step's files of all students and assignments.

        Mostly that is one. Where the structure begins with the student or the assignment, it is
        one for each of them that is there.
        """
        parts = self._path(step, ANYBODY, ANYBODY).parts
        first = next(place for place, part in enumerate(parts) if ANYBODY in part)
        folder = Path(*parts[:first])
        if folder != self.root:
            return [folder]
        names = [place for place, part in enumerate(parts) if part == Path(step).name]
        last = names[-1] + 1 if names else len(parts)
        pattern = glob.escape(str(Path(*parts[:last]))).replace(ANYBODY, "*")
        return [Path(path) for path in sorted(glob.glob(pattern))]

    def _path(self, step: str, student: str, assignment: str) -> Path:
        return Path(os.path.normpath(self.directory.format_path(step, student, assignment)))


def expanded(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name, path) of all that is there, for a path of which one part holds ANYBODY."""
    parts = path.parts
    (place,) = (number for number, part in enumerate(parts) if ANYBODY in part)
    above = Path(*parts[:place])
    before, _, after = parts[place].partition(ANYBODY)
    wanted = re.compile(f"{re.escape(before)}(.+){re.escape(after)}", re.DOTALL)
    if not above.is_dir():
        return
    for name in os.listdir(above):
        found = wanted.fullmatch(name)
        full = above.joinpath(name, *parts[place + 1 :])
        if found and not name.startswith(".") and is_there(full):
            yield found[1], full


def is_there(path: Path) -> bool:
    """Return whether there is something at this place, a link to nowhere included."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # such as a folder that may not be opened: reading it says so
        return True
    return True
