"""Whose a file is, by the names that Canvas, Moodle, nbgrader and people give to files and folders.

Canvas makes its names in lib/content_zipper.rb, Moodle in mod/assign/classes/downloader.php.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from nbgrader.utils import parse_utc

from nbjudge.collect.archives import Box, Entry, Problem

CANVAS = "Canvas"
MOODLE = "Moodle"
EXCHANGE = "nbgrader's exchange"
NAMED = "c.FileNameCollectorPlugin.named_regexp"
FOLDERS = "a folder for each learner"

# name_LATE_user_attachment_file; anonymous: LATE_anon_abcde_attachment_file; a text that was typed
# in: name_user_text.html. A name holds no spaces and no commas.
CANVAS_FILE = re.compile(
    r"(?:(?P<name>[^/]*?)_)??(?P<late>LATE_)?(?P<user>\d+|anon_\w{5})_(?:(?P<upload>\d+)_(?P<file>[^/]+)"
    r"|(?P<typed>text|link)\.html)"
)
# Full Name_number_assignsubmission_file_/path or ..._file/path (in folders), ..._file_path (flat)
MOODLE_FILE = re.compile(
    r"(?P<name>[^/]*?)_(?P<user>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_?/|_)(?P<file>.+)"
)
# user+assignment+time, and a random text where the exchange hides names
EXCHANGE_FOLDER = re.compile(
    r"(?P<user>.+)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-[^+]*)(?:\+[^+]*)?"
)


class Learner(NamedTuple):
    """Who handed something in, as the platform names them."""

    system: str  # CANVAS, MOODLE, ...
    number: str = ""  # Canvas's number of the user; Moodle's, which differs by assignment
    name: str = ""  # as it stands in the file's name
    student: str = ""  # nbgrader's id, where the name says it


class Found(NamedTuple):
    """A file that somebody handed in."""

    entry: Entry
    learner: Learner
    name: str  # where it lies in the submission
    attempt: str  # files of one attempt have the same
    order: tuple[datetime | float | int, ...] = ()  # the greater, the later
    timestamp: datetime | None = None  # in UTC, where it is known
    late: bool = False  # the platform says so


class Recognised(NamedTuple):
    """What a zip or a folder holds."""

    layout: str  # in words
    found: list[Found]
    problems: list[Problem]


Collector = Callable[[str], dict | None]  # nbgrader's: {"student_id", "file_id", "timestamp"}


def recognise(box: Box, assignment: str, collector: Collector | None) -> Recognised:
    """Return whose the files of a box are.

    `collector` is the course's own for zip_collect; where it knows none of the names, they are read
    as in any course.
    """
    if collector and (of := by_collector(box, collector)).found:
        return of
    depth = 1 + common_folders(box.entries)
    for layout, read in ((MOODLE, moodle_file), (CANVAS, canvas_file), (EXCHANGE, exchange_file)):
        found = [(entry, read(entry, box.place, depth)) for entry in box.entries]
        if 2 * sum(each is not None for _, each in found) > len(found):
            strangers = [entry for entry, each in found if each is None]
            problems = [
                Problem(entry.place, NOT_OF.format(layout), entry.name) for entry in strangers
            ]
            return Recognised(layout, [each for _, each in found if each], problems)
    return by_folder(box, assignment)


NOT_OF = "the name is not one that {} gives, so it was left out: put it into its learner's folder"


def common_folders(entries: list[Entry]) -> int:
    """Return 1 where all files lie in the same folder at the top, as "submissions/", else 0."""
    tops = {entry.name.partition("/")[0] for entry in entries}
    return int(len(tops) == 1 and all("/" in entry.name for entry in entries))


# Each of the next functions returns whose a file is, None where the name is none of its platform's.
# `depth` is how many parts the names have that people see at the top.


def canvas_file(entry: Entry, place: str, depth: int) -> Found | None:
    """Return whose a file of a Canvas download is."""
    *folders, file = entry.name.split("/")
    named = CANVAS_FILE.fullmatch(file)
    if not named or len(folders) + 1 != depth:
        return None
    typed = named["typed"]
    return Found(
        entry,
        Learner(CANVAS, named["user"], named["name"] or ""),
        f"{typed}.html" if typed else named["file"],
        place,
        (0 if typed else int(named["upload"]),),
        late=bool(named["late"]),
    )


def moodle_file(entry: Entry, place: str, depth: int) -> Found | None:
    """Return whose a file of a Moodle download is."""
    named = MOODLE_FILE.search(entry.name)
    if not named:
        return None
    return Found(
        entry,
        Learner(MOODLE, named["user"], named["name"].strip()),
        named["file"],
        place,
        (entry.changed,),
    )


def exchange_file(entry: Entry, place: str, depth: int) -> Found | None:
    """Return whose a file of an exchange's inbound folder is."""
    folder, _, inside = entry.name.partition("/")
    named = EXCHANGE_FOLDER.fullmatch(folder)
    time = time_of(named["time"]) if named else None
    if not named or not inside or time is None:
        return None
    learner = Learner(EXCHANGE, student=named["user"])
    return Found(entry, learner, inside, f"{place}/{folder}", (time,), time)


def time_of(text: str) -> datetime | None:
    """Return a time in UTC without a zone, as nbgrader reads it; None where the text is none."""
    try:
        return parse_utc(text)
    except (ValueError, OverflowError):
        return None


def by_folder(box: Box, assignment: str) -> Recognised:
    """Return whose files are by their folders.

    learner/file, learner/ASSIGNMENT/file as in submitted/, or ASSIGNMENT/learner/file; a zip or a
    folder may hold all of it in a folder of its own.
    """
    found = []
    problems = []
    for entry in box.entries:
        *folders, file = entry.name.split("/")
        if folders and folders[0] == assignment:
            folders = folders[1:]
        if assignment in folders[1:]:
            place = folders.index(assignment, 1)
            who, below = folders[place - 1], folders[place + 1 :]
        elif folders:
            who, below = folders[0], folders[1:]
        else:
            problems.append(Problem(entry.place, NOBODYS, entry.name))
            continue
        name = "/".join([*below, file])
        found.append(Found(entry, Learner(FOLDERS, student=who), name, box.place, (entry.changed,)))
    return Recognised(FOLDERS, found, problems)


NOBODYS = (
    "nobody can tell whose it is, so it was left out: put it into a folder with the learner's name"
)


def by_collector(box: Box, collector: Collector) -> Recognised:
    """Return whose files are as the course's settings for `nbgrader zip_collect` say it."""
    found = []
    problems = []
    for entry in box.entries:
        said = collector(entry.name)
        if not said or not said.get("student_id") or not said.get("file_id"):
            if entry.name.lower().endswith(".ipynb"):
                problems.append(Problem(entry.place, NO_MATCH, entry.name))
            continue
        stem, _, ending = entry.name.rpartition(".")
        name = said["file_id"].rpartition(".ipynb")[0] or said["file_id"]
        time = time_of(str(said.get("timestamp") or ""))
        learner = Learner(NAMED, student=said["student_id"])
        order = (time or datetime.min, entry.changed)
        target = f"{name}.{ending}" if stem else name
        found.append(Found(entry, learner, target, box.place, order, time))
    return Recognised(NAMED, found, problems)


NO_MATCH = (
    "c.FileNameCollectorPlugin.named_regexp does not match the name, so it was left out: correct "
    "the expression or the name"
)


def is_learners(name: str) -> bool:
    """Return whether a file's name alone says whose it is: one of Canvas or, flat, of Moodle."""
    return bool(CANVAS_FILE.fullmatch(name) or MOODLE_FILE.fullmatch(name))


def plain_names(found: Iterable[Found], known: Iterable[str]) -> list[Found]:
    """Return files under the names that the assignment gave them."""
    right = {name.casefold(): name for name in known}
    renamed = []
    for each in found:
        names = [name.casefold() for name in names_before(each.name)]
        given = [right[name] for name in names if name in right]
        renamed.append(each._replace(name=given[0]) if given else each)
    return renamed


def names_before(name: str) -> list[str]:
    """Return a file's name, and those that it may have had before an upload or a download.

    Canvas puts -1 behind the name of a file that was uploaded again, browsers put (1). Some save a
    notebook as text or as JSON, with one more ending.
    """
    names = [name, without_number(name)]
    if saved := re.fullmatch(r"(.+\.ipynb)\.(?:txt|json)", names[-1], re.IGNORECASE):
        names += [saved[1], without_number(saved[1])]
    return names


def without_number(name: str) -> str:
    """Return a file's name without the numbers that stand before its ending."""
    stem, dot, ending = name.rpartition(".")
    again = re.fullmatch(r"(.+?)(?:-\d+| ?\(\d+\))+", stem)
    return f"{again[1]}{dot}{ending}" if again else name
