"""The files in a zip or a folder, with names that are safe to write, whatever was put there."""

import os
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from nbjudge.coursedir.submissions import FILES_SIZE, MOST_FILES, TOO_LARGE
from nbjudge.errors import SubmissionError
from nbjudge.untrusted import is_writable, shown

MOST_BYTES = TOO_LARGE + FILES_SIZE  # that one submission may hold, as grading reads it
LONGEST_NAME = 255  # bytes of a file's name on most file systems
LONGEST_PATH = 1000  # bytes of a path inside a submission
INDEX_ENTRY = 1000  # bytes of a zip's index that one file may take; its name is in it
END_OF_ZIP = b"PK\x05\x06"

DRIVE = re.compile(r"[A-Za-z]:")
JUNK = re.compile(
    r"__MACOSX|__pycache__|\.ipynb_checkpoints|\.DS_Store|\._.*|Thumbs\.db|desktop\.ini"
)
IN_UTF8 = 0x800  # the flag of a zip's entry whose name is UTF-8
ENCRYPTED = 0x1


class Refused(SubmissionError):
    """A file cannot be collected; str() says why and what to do, without the file's name."""


class Entry(NamedTuple):
    """A file that can be collected."""

    name: str  # relative, with "/", safe to write
    size: int  # bytes
    changed: datetime  # as the file system or the zip says
    place: str  # for sentences, such as "week1.zip: ada/ps1.ipynb"
    open: Callable[[], IO[bytes]]


class Problem(NamedTuple):
    """A sentence on a file that was given."""

    place: str
    says: str
    name: str = ""  # where it would lie, if that can be said


class Box(NamedTuple):
    """A zip or a folder."""

    place: str  # for sentences
    entries: list[Entry]
    problems: list[Problem]
    path: Path | None = None


# ---- names -----------------------------------------------------------------------------------


def safe_name(name: str) -> str:
    """Return a relative path without anything that could lead elsewhere or hide what it is.

    Raises Refused where it leads out of its folder or cannot be written.
    """
    if not is_writable(name):
        raise Refused("the name is not UTF-8, so it was left out: rename it and collect again")
    plain = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if plain.startswith("/") or DRIVE.match(plain) or ".." in parts:
        raise Refused(
            "the name leads out of its folder, so it was left out: look at who made this file"
        )
    parts = ["".join(filter(str.isprintable, part)).strip() for part in parts]
    if not parts or "" in parts or ".." in parts or "." in parts:
        raise Refused("the name holds nothing that can be read, so it was left out: rename it")
    path = "/".join(parts)
    longest = max(len(part.encode()) for part in parts)
    if longest > LONGEST_NAME or len(path.encode()) > LONGEST_PATH:
        raise Refused("the name is too long to be written, so it was left out: shorten it")
    return path


def is_junk(name: str) -> bool:
    """Return whether this path is what systems leave behind, and no work of anybody's."""
    return any(JUNK.fullmatch(part) for part in name.split("/"))


def name_in(info: zipfile.ZipInfo) -> str:
    """Return the name of a zip's entry.

    Many programs write UTF-8 without saying so; Python then takes it for the code page 437.
    """
    if info.flag_bits & IN_UTF8 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


# ---- zips ------------------------------------------------------------------------------------


def need_small_index(path: Path) -> None:
    """Raise Refused for a learner's zip with an index of more files than a submission may hold.

    The index is read as a whole, and each of its entries takes far more memory than bytes.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    place = tail.rfind(END_OF_ZIP)
    if place < 0 or len(tail) < place + 22:
        raise Refused(DAMAGED)
    count, index = struct.unpack_from("<HI", tail, place + 10)
    if count > MOST_FILES or index > MOST_FILES * INDEX_ENTRY:
        raise Refused(
            f"it holds more than {MOST_FILES:,} files, so it was left out: ask the learner for the "
            "notebook and the files that it needs"
        )


DAMAGED = "it is no zip, or a damaged one, so it was left out: download it again, or ask for it"
PROBLEMS_OF_ZIPS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip. Raises Refused where it is none, or a damaged one."""
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise
    except PROBLEMS_OF_ZIPS as problem:
        raise Refused(f"{DAMAGED} ({one_word(problem)})") from None


def one_word(problem: Exception) -> str:
    """Return what an exception says, or its name if it says nothing."""
    return str(problem) or type(problem).__name__


def read_zip(path: Path, place: str) -> Box:
    """Return the files in a zip; those that cannot be taken are problems. Raises Refused."""
    archive = open_zip(path)
    box = Box(place, [], [], path)
    for info in archive.infolist():
        name = name_in(info)
        if info.is_dir() or is_junk(name.replace("\\", "/")):
            continue
        where = f"{place}: {shown(name)}"
        try:
            entry = zip_entry(archive, info, name, where)
        except Refused as reason:
            box.problems.append(Problem(where, str(reason), name))
            continue
        box.entries.append(entry)
    return box


def zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, place: str) -> Entry:
    """Return a zip's entry. Raises Refused for a link, an encrypted file or a bad name."""
    path = safe_name(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind and kind != stat.S_IFREG:
        raise Refused(LINK)
    if info.flag_bits & ENCRYPTED:
        raise Refused(
            "it is encrypted, so it was left out: ask the learner for it without password"
        )
    try:
        changed = datetime(*info.date_time)
    except ValueError:  # such as a month 0
        changed = datetime.min
    return Entry(path, info.file_size, changed, place, partial(archive.open, info))


LINK = (
    "it is a link or no regular file and is not followed, so it was left out: put the file itself "
    "in its place"
)


# ---- folders ---------------------------------------------------------------------------------


def read_folder(folder: Path, place: str, wanted: Callable[[str], bool] = bool) -> Box:
    """Return the files in a folder and below; those that cannot be taken are problems.

    `wanted` says of a name at the top whether it is looked at.
    """
    box = Box(place, [], [], folder)
    for inside, path in sorted(files_below(folder, wanted, box.problems)):
        where = shown(f"{place}/{inside}")
        try:
            box.entries.append(file_entry(path, inside, where))
        except Refused as reason:
            box.problems.append(Problem(where, str(reason), inside))
        except OSError as problem:
            why = f"it cannot be read ({problem.strerror}), so it was left out: allow it"
            box.problems.append(Problem(where, why, inside))
    return box


def files_below(
    folder: Path, wanted: Callable[[str], bool], problems: list[Problem]
) -> Iterator[tuple[str, Path]]:
    """Yield (path inside, path) of what lies in a folder, links to folders included."""

    def cannot_be_read(problem: OSError) -> None:
        said = f"it cannot be read ({problem.strerror}), so it was left out: allow it"
        problems.append(Problem(shown(str(problem.filename)), said))

    for above, folders, names in os.walk(folder, onerror=cannot_be_read):
        if Path(above) == folder:
            folders[:] = [name for name in folders if wanted(name)]
            names = [name for name in names if wanted(name)]
        links = [name for name in folders if os.path.islink(os.path.join(above, name))]
        folders[:] = [name for name in folders if name not in links and not is_junk(name)]
        for name in [*names, *links]:
            if not is_junk(name):
                path = Path(above, name)
                yield path.relative_to(folder).as_posix(), path


def file_entry(path: Path, inside: str, place: str) -> Entry:
    """Return a file. Raises Refused for a link, a pipe or a bad name, OSError if it is gone."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise Refused(LINK)
    changed = datetime.fromtimestamp(status.st_mtime)
    return Entry(safe_name(inside), status.st_size, changed, place, partial(open_file, path))


def open_file(path: Path) -> IO[bytes]:
    """Open a file that is no link; whoever can write there may have put one in its place."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.fdopen(os.open(path, flags), "rb")


# ---- contents --------------------------------------------------------------------------------


def copy_out(entry: Entry, target: Path, most: int = MOST_BYTES) -> int:
    """Write an entry's content to a new file and return its size. Raises Refused.

    No more than `most` bytes are written, whatever the zip says of its size.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as file:
        try:
            with entry.open() as content:
                size = copied(content, file, most)
        except Refused:
            raise
        except Exception as problem:  # zlib's, lzma's and more: whatever a damaged zip raises
            raise Refused(
                f"its content cannot be read ({one_word(problem)}), so nothing of this submission "
                "was collected: download it again, or ask the learner for it"
            ) from None
    return size


def copied(content: IO[bytes], file: IO[bytes], most: int) -> int:
    """Copy a stream and return its size. Raises Refused beyond `most` bytes."""
    size = 0
    while part := content.read(1 << 20):
        size += len(part)
        if size > most:
            raise Refused(TOO_MUCH)
        file.write(part)
    return size


TOO_MUCH = (
    f"unpacked, the submission has more than {MOST_BYTES / 1e6:.0f} MB, so nothing of it was "
    "collected: ask the learner to clear all outputs and to leave out what no answer needs"
)


def need_moderate(entries: list[Entry]) -> None:
    """Raise Refused for a submission of more files or bytes than grading reads."""
    if len(entries) > MOST_FILES:
        raise Refused(
            f"the submission has {len(entries):,} files, at most {MOST_FILES:,} are read, so "
            "nothing of it was collected: ask the learner for the files that an answer needs"
        )
    if sum(entry.size for entry in entries) > MOST_BYTES:
        raise Refused(TOO_MUCH)


def room_for(entries: list[Entry], folder: Path) -> bool:
    """Return whether the file system of `folder` has room for these files."""
    return sum(entry.size for entry in entries) < shutil.disk_usage(folder).free
