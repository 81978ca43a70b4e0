"""Which student handed in which files, and which attempt counts where there are several."""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from nbjudge.collect.archives import Refused
from nbjudge.collect.layouts import CANVAS, MOODLE, Found, Learner
from nbjudge.coursedir.roster import Person, Roster
from nbjudge.untrusted import is_writable, shown

LONGEST_ID = 128  # characters that the gradebook's column holds
STAMP = "timestamp.txt"


class Attempt(NamedTuple):
    """What counts of one student's files."""

    student: str
    found: list[Found]
    timestamp: datetime | None
    says: list[str]  # which of several counts, and what the platform says of it


def student_of(learner: Learner, roster: Roster | None, known: Roster) -> str:
    """Return nbgrader's id of a learner. Raises Refused where nobody can tell who it is.

    `roster` is the one that was given, `known` are the gradebook's students.
    """
    if learner.student:
        return need_id(learner.student)
    for people in (roster, known):
        person = find(learner, people) if people else None
        if person:
            return need_id(person.student)
        if people is roster and roster:
            who = learner.name or learner.number
            raise Refused(
                f"{roster.place} has no row for {shown(who)} ({learner.system} number "
                f"{learner.number}), so it was left out: add one, or correct the name"
            )
    # Canvas's numbers are those of users; Moodle's are made anew for each assignment.
    return need_id(learner.name if learner.system == MOODLE else learner.number)


def find(learner: Learner, people: Roster) -> Person | None:
    """Return the person that a learner is, None if there is none. Raises Refused for several."""
    by_number = people.by_number(learner.number)
    # of all the rosters, only Moodle's worksheet of this assignment holds Moodle's numbers
    if learner.system == CANVAS or "Identifier" in people.header:
        if len(by_number) == 1:
            return by_number[0]
    by_name = people.by_name(learner.name)
    if len(by_name) > 1:
        raise Refused(
            f"{len(by_name)} learners are called {shown(learner.name)}, so it was left out: give "
            "a roster with their numbers, such as Moodle's grading worksheet of this assignment"
        )
    return by_name[0] if by_name else None


def need_id(student: str) -> str:
    """Return an id that a folder and the gradebook can hold. Raises Refused for another one."""
    bad = "/" in student or "\\" in student or student.startswith(".") or not student.isprintable()
    if bad or not student.strip() or len(student) > LONGEST_ID or not is_writable(student):
        raise Refused(
            f"{shown(student)!r} cannot be a learner's id, because folders have its name, so it "
            "was left out: use letters, digits, points and hyphens"
        )
    return student


def attempts_of(
    found: list[Found],
    identify: Callable[[Learner], str],
    refuse: Callable[[Found, str], object],
    due: datetime | None = None,
) -> list[Attempt]:
    """Return the attempt of each student that counts, in order of their ids.

    `identify` returns a learner's id or raises Refused; then `refuse(file, why)` is called. With
    `due`, an attempt before it counts rather than one after it.
    """
    students: dict[str, list[Found]] = defaultdict(list)
    names: dict[str, set[Learner]] = defaultdict(set)
    for each in found:
        try:
            student = identify(each.learner)
        except Refused as reason:
            refuse(each, str(reason))
            continue
        students[student].append(each)
        names[student].add(each.learner)
    attempts = []
    for student, files in sorted(students.items()):
        numbers = {learner.number for learner in names[student]}
        if len(numbers) > 1 and all(learner.system == MOODLE for learner in names[student]):
            for each in files:
                refuse(each, SAME_NAME.format(len(numbers), shown(student)))
            continue
        attempts.append(the_one_that_counts(student, files, due))
    return attempts


SAME_NAME = (
    "{} learners have the name {}, so it was left out: give a roster with their numbers, such as "
    "Moodle's grading worksheet of this assignment"
)


def the_one_that_counts(student: str, files: list[Found], due: datetime | None) -> Attempt:
    """Return the newest attempt, and in it the newest file of each name."""
    attempts: dict[str, list[Found]] = defaultdict(list)
    for each in files:
        attempts[each.attempt].append(each)
    same_system = len({each.learner.system for each in files}) == 1
    ordered = list(attempts)
    if same_system:  # else the order in which the zips were named
        ordered.sort(key=lambda place: max(each.order for each in attempts[place]))
    in_time = [place for place in ordered if due and is_in_time(attempts[place], due)]
    counts = (in_time or ordered)[-1]
    says = []
    if len(ordered) > 1:
        others = ", ".join(shown(place) for place in ordered if place != counts)
        which = "the newest before the due date" if in_time else "the newest"
        says.append(
            f"{len(ordered)} attempts were given: {shown(counts)} counts, as {which}; "
            f"{others} does not"
        )
    kept, doubles = newest_files(attempts[counts])
    if any(each.late for each in kept):
        says.append(
            f"{CANVAS} says that it is late, and its zip does not say when it came: for nbgrader's "
            f"late penalty write the time into {STAMP} beside the notebook"
        )
    times = [each.timestamp for each in kept if each.timestamp]
    return Attempt(student, kept, max(times, default=None), says + doubles)


def is_in_time(files: list[Found], due: datetime) -> bool:
    """Return whether an attempt is known to have come before the due date."""
    times = [each.timestamp for each in files if each.timestamp]
    return bool(times) and max(times) <= due


def newest_files(files: list[Found]) -> tuple[list[Found], list[str]]:
    """Return (the newest file of each name, sentences on those that do not count).

    A file and a folder of the same name cannot both be written: the newer one stays.
    """
    by_name: dict[str, list[Found]] = defaultdict(list)
    for each in files:
        by_name[each.name].append(each)
    kept = {}
    says = []
    for name, versions in by_name.items():
        versions.sort(key=lambda each: each.order)
        kept[name] = versions[-1]
        if len(versions) > 1:
            others = ", ".join(each.entry.place for each in versions[:-1])
            says.append(
                f"{shown(name)} was uploaded {len(versions)} times: {versions[-1].entry.place} "
                f"counts, as the newest; {others} does not"
            )
    for name in sorted(kept):
        for above in folders_above(name):
            if above in kept:
                says.append(f"{shown(above)} is a file and a folder: the file does not count")
                del kept[above]
    return list(kept.values()), says


def folders_above(name: str) -> list[str]:
    """Return the folders of a relative path: "a" and "a/b" of "a/b/c"."""
    return [name[: found.start()] for found in re.finditer("/", name)]
