"""Collecting an assignment: from zips and folders into submitted/, where nothing is overwritten."""

import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbjudge.collect.archives import (
    Box,
    Refused,
    copy_out,
    need_moderate,
    need_small_index,
    read_zip,
    room_for,
)
from nbjudge.collect.attempts import STAMP, Attempt, attempts_of, student_of
from nbjudge.collect.layouts import (
    CANVAS,
    EXCHANGE,
    FOLDERS,
    Found,
    Recognised,
    common_folders,
    plain_names,
    recognise,
)
from nbjudge.collect.sources import boxes_at, collector_of, due_date, is_zip, owner_of
from nbjudge.coursedir.results import EARLIER, KEPT, only_one, part_beside, share
from nbjudge.coursedir.roster import Roster, fields_of, read_roster, remember, students_in
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import CourseError
from nbjudge.files import replace_text, same_files
from nbjudge.untrusted import shown

PACKED = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")  # archives that are not opened


class Collected(NamedTuple):
    """What a collecting came to."""

    layouts: list[str]  # what each place was recognised as, in words
    new: list[str]  # students whose submission is in submitted/ now
    same: list[str]  # whose submission was there already
    kept: list[str]  # whose earlier submission stays, though another one was given
    replaced: list[str]  # whose earlier submission is in submitted-earlier/ now
    findings: list[Finding]

    @property
    def clean(self) -> bool:
        """Whether all that was given is collected or stands there already."""
        return not any(finding.blocks for finding in self.findings)


def collect(
    settings: Settings,
    assignment: str,
    places: Iterable[Path] = (),
    roster: Path | None = None,
    id_column: str = "",
    update: bool = False,
) -> Collected:
    """Collect an assignment's submissions from zips, folders and single files into submitted/.

    Without `places`: from downloaded/ASSIGNMENT/archive/ as `nbgrader zip_collect`, else from the
    exchange as `nbgrader collect`. `roster` is a CSV that says who is who, `id_column` its column
    with nbgrader's ids. With `update`, what differs replaces what was collected earlier.

    Raises CourseError where nothing can be collected at all.
    """
    if not settings.folders.source(assignment).is_dir():
        raise CourseError(
            f"source/{assignment}: there is no such folder, so nobody can have handed it in: "
            f"choose one of {', '.join(settings.folders.assignments()) or 'those in source/'}"
        )
    people = read_roster(roster, id_column) if roster else None
    result = Collected([], [], [], [], [], [])
    with only_one(settings.root):
        reading = Reading(settings, assignment, people, result)
        writing = Writing(settings, assignment, update, result)
        attempts = reading.attempts(places)
        for attempt in attempts:
            writing.take(attempt)
        known = {each.student: known_of(each, people) for each in attempts}
        if any(known.values()):
            remember(settings, {student: fields for student, fields in known.items() if fields})
    return result


def known_of(attempt: Attempt, roster: Roster | None) -> dict[str, str]:
    """Return what the roster and Canvas say of a student, as nbgrader's Student names it."""
    found = {}
    learner = attempt.found[0].learner
    if learner.system == CANVAS and learner.number.isdigit():
        found["lms_user_id"] = learner.number  # so that an export needs no roster
    for person in roster.people if roster else ():
        if person.student == attempt.student:
            found |= fields_of(person)
    return found


class Telling:
    """What puts findings on an assignment into a result."""

    def __init__(self, settings: Settings, assignment: str, result: Collected) -> None:
        self.settings = settings
        self.assignment = assignment
        self.result = result
        folder = settings.folders.source(assignment)
        files = [path for path in folder.rglob("*") if path.is_file()]
        self.given = [path.relative_to(folder).as_posix() for path in files]  # out with the lesson

    def tell(self, place: str, says: str, student: str = "", blocks: bool = False) -> None:
        """Add a finding on the file at `place`; `blocks`: something was not collected."""
        self.result.findings.append(Finding(student, self.assignment, place, says, blocks))


class Reading(Telling):
    """Finds out whose the files are, and which of a student's attempts counts."""

    def __init__(
        self, settings: Settings, assignment: str, roster: Roster | None, result: Collected
    ) -> None:
        super().__init__(settings, assignment, result)
        self.roster = roster

    def attempts(self, places: Iterable[Path]) -> list[Attempt]:
        """Return what counts of each student's files, in order of the students."""
        collector = collector_of(self.settings)
        found: list[Found] = []
        due = None
        for box in boxes_at(self.settings, self.assignment, places, collector):
            of = recognise(box, self.assignment, collector)
            found += of.found
            if of.layout == EXCHANGE:
                due = due_date(self.settings, self.assignment)
                self._tell_of_owners(box, of)
            if of.found or not of.problems:
                learners = len({each.learner for each in of.found})
                self.result.layouts.append(f"{box.place}: {of.layout}, {learners} learners")
            for problem in [*box.problems, *of.problems]:
                self.tell(problem.place, problem.says, blocks=True)
        known = students_in(self.settings)
        return attempts_of(
            plain_names(found, self.given),
            lambda learner: student_of(learner, self.roster, known),
            lambda each, why: self.tell(each.entry.place, why, blocks=True),
            due,
        )

    def _tell_of_owners(self, box: Box, of: Recognised) -> None:
        """Tell of each folder in the exchange that belongs to somebody else than it says."""
        folders = {(each.attempt, each.learner.student) for each in of.found}
        for place, student in sorted(folders):
            folder = (box.path or Path()) / place.removeprefix(f"{box.place}/")
            owner = owner_of(self.settings, folder)
            if owner not in ("", student):
                says = f"it says that {student} has handed it in, and it belongs to {owner}"
                self.tell(shown(place), f"{says}: ask both", student)


class Writing(Telling):
    """Writes submissions into submitted/, each as a whole or not at all."""

    def __init__(
        self, settings: Settings, assignment: str, update: bool, result: Collected
    ) -> None:
        super().__init__(settings, assignment, result)
        self.update = update

    def take(self, attempt: Attempt) -> None:
        """Write a student's submission, or tell why not."""
        student = attempt.student
        target = self.settings.folders.submitted(student, self.assignment)
        place = shown(self.settings.folders.shown(target))
        kept = self.settings.root / KEPT
        with tempfile.TemporaryDirectory(prefix="graded-", dir=kept) as unpacked:
            try:
                found = self._files_of(attempt, Path(unpacked))
                entries = [each.entry for each in found]
                need_moderate(entries)
                if not room_for(entries, kept):
                    raise CourseError(
                        f"{self.settings.root} has no room for what {student} has handed in: make "
                        "room, then run the same command again, it goes on from there"
                    )
                part = part_beside(self.settings, target)
                try:
                    self._write(part, found, attempt)
                    outcome = self._put(part, target, student)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
            except Refused as reason:
                first = attempt.found[0].entry.place
                self.tell(first, str(reason), student, blocks=True)
                return
            except OSError as problem:
                why = f"it cannot be written ({problem.strerror}), so nothing was collected"
                self.tell(place, f"{why}: look at this place", student, blocks=True)
                return
        outcome.append(student)
        for says in attempt.says:
            self.tell(place, says, student)
        if outcome is self.result.kept:
            self.tell(place, STAYS, student)

    def _files_of(self, attempt: Attempt, unpacked: Path) -> list[Found]:
        """Return the files to write; a zip is opened if no notebook lies beside it."""
        found = []
        for each in attempt.found:
            if each.name == STAMP and each.learner.system not in (FOLDERS, EXCHANGE):
                self.tell(each.entry.place, OWN_STAMP, attempt.student)
            else:
                found.append(each)
        if any(is_notebook(each.name) for each in found):
            return self._without_top(found)
        opened = []
        for number, each in enumerate(found):
            if each.name.lower().endswith(PACKED):
                self.tell(each.entry.place, UNPACK, attempt.student, blocks=True)
            if not is_zip(each.name):
                opened.append(each)
                continue
            copy = unpacked / f"{number}.zip"
            copy_out(each.entry, copy)
            need_small_index(copy)
            opened += self._in_zip(each, read_zip(copy, each.entry.place), attempt.student)
        return self._without_top(plain_names(opened, self.given))

    def _without_top(self, found: list[Found]) -> list[Found]:
        """Return files without the folder that holds them all, if that is why none is in place."""
        names = {each.name for each in found}
        inside = common_folders([each.entry._replace(name=each.name) for each in found])
        if inside and not names & set(self.given):
            below = [each._replace(name=each.name.partition("/")[2]) for each in found]
            below = plain_names(below, self.given)
            if any(each.name in self.given for each in below):
                return below
        return found

    def _in_zip(self, zipped: Found, box: Box, student: str) -> list[Found]:
        """Return the files in a learner's zip, without a folder that holds them all."""
        for problem in box.problems:
            self.tell(problem.place, problem.says, student, blocks=True)
        top = common_folders(box.entries)
        found = []
        for entry in box.entries:
            inside = entry.name.split("/", top)[top]
            if inside == STAMP:
                self.tell(entry.place, OWN_STAMP, student)
            else:
                found.append(zipped._replace(entry=entry, name=inside))
        return found

    def _write(self, part: Path, found: list[Found], attempt: Attempt) -> None:
        """Write the files of a submission into a new folder. Raises Refused."""
        if not found:
            raise Refused("it holds no file, so nothing was collected: ask the learner")
        for each in found:
            try:
                copy_out(each.entry, part / each.name)
            except FileExistsError:
                self.tell(each.entry.place, TWICE, attempt.student)
        if attempt.timestamp and not (part / STAMP).exists():
            replace_text(part / STAMP, f"{attempt.timestamp:%Y-%m-%d %H:%M:%S.%f} UTC")
        part.chmod(0o755)  # mkdtemp makes folders for their owner only
        if self.settings.directory.groupshared:
            for folder in [part, *(path for path in part.rglob("*") if path.is_dir())]:
                share(folder)

    def _put(self, part: Path, target: Path, student: str) -> list[str]:
        """Put a complete submission in its place; return the list of the result it belongs to."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() and not target.is_symlink():
            part.rename(target)
            return self.result.new
        if same_files(part, target):
            return self.result.same
        if not self.update:
            return self.result.kept
        earlier = new_place(self.settings.root / EARLIER / student / self.assignment)
        shutil.move(target, earlier)
        part.rename(target)
        return self.result.replaced


def new_place(folder: Path) -> Path:
    """Return the name of a folder that is not there yet, named for the time, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    now = f"{datetime.now():%Y-%m-%d-%H%M%S}"
    place = folder / now
    number = 2
    while place.exists():
        place = folder / f"{now}-{number}"
        number += 1
    return place


def is_notebook(name: str) -> bool:
    """Return whether a file's name is a notebook's."""
    return name.lower().endswith(".ipynb")


OWN_STAMP = (
    "the learner wrote it, and it would say when the submission came, so it was left out: nothing "
    "to do"
)
UNPACK = "it is an archive that is not opened: unpack it by hand, or ask the learner for a zip"
TWICE = "another file of this submission has the same name, so it was left out: look at both"
STAYS = (
    f"what was given differs from it, and it stays as it is: say --update if what was given "
    f"counts; the earlier one is then kept in {EARLIER}/"
)
