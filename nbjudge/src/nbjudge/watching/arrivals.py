"""What has arrived in a folder since the last look, and is written to its end."""

import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

# Programs that copy or synchronise write to such a name first, and rename it when it is complete.
HALF_A_FILE = re.compile(
    r".*\.(part|partial|tmp|crdownload|download|filepart)|[.~]syncthing[.~].*|\..*\.[A-Za-z0-9]{6}"
    r"|~\$.*|\.~lock\..*"
)
# A notebook whose end is missing, or half a file, is waited for so long after the last change:
# then it is likely to be damaged, and grading says so.
PATIENCE = 60.0  # seconds
MOST_FILES = 20_000  # of one submission that are looked at; grading refuses less

State = tuple[
    tuple[str, int, int], ...
]  # (path, bytes, time of the last change in ns) of each file


class Seen(NamedTuple):
    """A submission at the last look."""

    state: State
    since: float  # when it was first seen like this, on the monotonic clock


class Arrivals:
    """Tells which folders have changed and are complete; it remembers what it has told."""

    def __init__(self, settle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.settle = settle  # seconds without a change after which a submission is complete
        self.clock = clock
        self.seen: dict[str, Seen] = {}
        self.told: dict[str, State] = {}

    def complete(self, folders: Iterable[tuple[str, Path]]) -> list[str]:
        """Return the keys of those (key, folder) that have changed since they were last returned.

        A folder is complete when nothing in it has changed for a while and no file looks as if it
        were still being written.
        """
        now = self.clock()
        found = []
        for key, folder in folders:
            state = state_of(folder)
            before = self.seen.get(key)
            if before is None or before.state != state:
                self.seen[key] = before = Seen(state, now)
            quiet = now - before.since
            unfinished = quiet < PATIENCE and any(is_unfinished(folder, name) for name, *_ in state)
            if state != self.told.get(key) and quiet >= self.settle and not unfinished:
                self.told[key] = state
                found.append(key)
        return found

    def again(self, key: str) -> None:
        """Return this key once more, because nothing came of it."""
        self.told.pop(key, None)


def state_of(folder: Path) -> State:
    """Return what changes when anything in a folder, or a single file, does. Follows no links."""
    found: list[tuple[str, int, int]] = []
    places = [folder]
    while places and len(found) < MOST_FILES:
        place = places.pop()
        try:
            status = place.lstat()
            if place.is_dir() and not place.is_symlink():
                places += sorted(place.iterdir())
                continue
        except OSError:  # gone, or not to be read: reading it says so
            continue
        name = place.relative_to(folder).as_posix()
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))


def is_unfinished(folder: Path, name: str) -> bool:
    """Return whether a file looks as if it were still being written."""
    file = name.rpartition("/")[2]
    if HALF_A_FILE.fullmatch(file):
        return True
    return file.lower().endswith(".ipynb") and not ends_as_json(folder / name)


def ends_as_json(path: Path) -> bool:
    """Return whether a file ends as a notebook does; True where it cannot be read."""
    try:
        if path.is_symlink() or not path.is_file():
            return True
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1000))
            return file.read().rstrip().endswith(b"}")
    except OSError:
        return True
