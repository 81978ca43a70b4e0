"""Who is in the course: a CSV as Canvas, Moodle or a person wrote it, and the gradebook's students.

Canvas's is the exported gradebook; Moodle's the grading worksheet, the exported grades or the
participants. One of the columns holds the id that nbgrader uses.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from nbjudge.coursedir.settings import Settings
from nbjudge.errors import CourseError

# Columns that may hold nbgrader's id, the likeliest first; nbgrader's own name is `student_id`.
ID_COLUMNS = (
    "student_id",
    "SIS Login ID",
    "Username",
    "SIS User ID",
    "ID number",
    "Email address",
    "ID",
)
NAMES = (("Student",), ("Full name",), ("First name", "Last name"), ("First name", "Surname"))
NUMBERS = ("ID", "Identifier", "lms_user_id")  # of Canvas; of Moodle's worksheet; of nbgrader
TEST_STUDENT = "Student, Test"  # Canvas's own
LARGEST = 20_000_000  # bytes of a roster


class Person(NamedTuple):
    """Somebody in the course."""

    student: str  # nbgrader's id
    names: frozenset[str]  # as `letters_of` writes them
    numbers: frozenset[str]  # on the platform
    row: Mapping[str, str]  # of the roster, {column: value}


class Roster(NamedTuple):
    """All in the course."""

    place: str  # for sentences
    column: str  # that holds nbgrader's id
    header: tuple[str, ...]
    people: tuple[Person, ...]

    def by_number(self, number: str) -> list[Person]:
        """Return those who have this number on the platform."""
        return [person for person in self.people if number in person.numbers]

    def by_name(self, name: str) -> list[Person]:
        """Return those who have this name."""
        wanted = letters_of(name)
        return [person for person in self.people if wanted and wanted in person.names]


def letters_of(name: str) -> str:
    """Return a name in small letters without spaces and signs, as Canvas writes it into files."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", name).casefold())


def read_roster(path: Path, column: str = "") -> Roster:
    """Read a roster; `column` holds nbgrader's ids, "" to choose the likeliest.

    Raises CourseError where the file cannot be read or does not say who is who.
    """
    header, rows = read_table(path)
    names = {name.casefold(): name for name in header}
    if column and column.casefold() not in names:
        raise CourseError(
            f"{path}: there is no column {column!r}: choose one of {', '.join(header)}"
        )
    wanted = [column] if column else list(ID_COLUMNS)
    present = [names[name.casefold()] for name in wanted if name.casefold() in names]
    rows = [row for row in rows if is_person(row)]
    filled = {name: sum(bool(row[name]) for row in rows) for name in present}
    if not any(filled.values()):
        raise CourseError(
            f"{path}: no column holds the learners' ids: name one `student_id`, or use one of "
            f"{', '.join(ID_COLUMNS[1:])}"
        )
    chosen = max(filled, key=lambda name: filled[name])  # of several, the likeliest
    people = [person_of(row, chosen, names) for row in rows if row[chosen]]
    seen: dict[str, Person] = {}
    for person in people:
        if person.student in seen:
            raise CourseError(
                f"{path}: {person.student!r} stands twice in the column {chosen}: remove one of "
                "the rows, or choose another column with --id-column"
            )
        seen[person.student] = person
    return Roster(str(path), chosen, header, tuple(people))


def read_table(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Return (header, rows) of a CSV, whatever its encoding and separator. Raises CourseError."""
    try:
        if path.stat().st_size > LARGEST:
            raise CourseError(f"{path}: the file is too large for a roster: choose the CSV")
        data = path.read_bytes()
    except OSError as problem:
        raise CourseError(f"{path} cannot be read ({problem.strerror}): correct the name") from None
    text = decoded(data)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise CourseError(f"{path} is no CSV ({problem}): export it again") from None
    lines = [line for line in lines if any(map(str.strip, line))]
    if len(lines) < 2 or "\0" in text:
        raise CourseError(
            f"{path}: expected a CSV with a header and a row for each learner: export it again"
        )
    header = [name.strip() for name in lines[0]]
    rows = []
    for line in lines[1:]:
        values = [value.strip() for value in line] + [""] * len(header)
        rows.append(dict(zip(header, values, strict=False)))
    return tuple(header), rows


def decoded(data: bytes) -> str:
    """Return text that is UTF-8, UTF-16 with its mark, or what Excel writes in Western Europe."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def is_person(row: Mapping[str, str]) -> bool:
    """Return whether a row is about a learner, and not one of Canvas's rows above the learners."""
    first = next(iter(row.values()))
    if first == TEST_STUDENT or "Points Possible" in first:
        return False
    return bool(first or row.get("ID", "x"))


def person_of(row: Mapping[str, str], column: str, names: Mapping[str, str]) -> Person:
    """Return the person of a row."""
    found = set()
    for columns in NAMES:
        values = [row.get(names.get(each.casefold(), ""), "") for each in columns]
        if all(values):
            found |= {letters_of("".join(values)), letters_of("".join(reversed(values)))}
            last, comma, first = values[0].partition(",")
            if comma:
                found.add(letters_of(first + last))
    numbers = {row.get(names.get(each.casefold(), ""), "") for each in NUMBERS}
    # Moodle's worksheet says "Participant 123", in the teacher's language
    numbers |= {number.rpartition(" ")[2] for number in numbers}
    return Person(row[column], frozenset(found - {""}), frozenset(numbers - {""}), row)


# ---- the gradebook ---------------------------------------------------------------------------


def students_in(settings: Settings) -> Roster:
    """Return the students whom the gradebook knows; the columns are named as nbgrader does."""
    people = []
    header = ("student_id", "First name", "Last name", "Email address", "lms_user_id")
    names = {name.casefold(): name for name in header}
    for values in rows_of_gradebook(settings):
        row = dict(zip(header, values, strict=True))
        people.append(person_of(row, "student_id", names))
    return Roster("the gradebook", "student_id", header, tuple(people))


def rows_of_gradebook(settings: Settings) -> Iterable[tuple[str, ...]]:
    """Return (id, first name, last name, e-mail, number on the platform) of all students."""
    from nbgrader.api import Gradebook, Student

    if not has_gradebook(settings):
        return []
    with Gradebook(settings.gradebook_url, settings.course_id) as book:
        columns = (
            Student.id,
            Student.first_name,
            Student.last_name,
            Student.email,
            Student.lms_user_id,
        )
        rows = book.db.query(*columns).order_by(Student.id).all()
    found = []
    for row in rows:
        student, first, last, email, number = (value or "" for value in row)
        found.append((student, first, "" if last == student else last, email, number))
    return found


def has_gradebook(settings: Settings) -> bool:
    """Return whether the gradebook's file is there: opening one that is not would make it."""
    from sqlalchemy.engine import make_url

    parts = make_url(settings.gradebook_url)
    if parts.get_backend_name() != "sqlite":
        return True
    return bool(parts.database) and Path(str(parts.database)).exists()


def remember(settings: Settings, people: Mapping[str, Mapping[str, str]]) -> None:
    """Put what is known of students into the gradebook where it knows less.

    `people` are {student: {field of nbgrader's Student: value}}. Students whom the gradebook does
    not know are added, unless c.Autograde.create_student is False.
    """
    from nbgrader.api import Student

    from nbjudge.coursedir.gradebook import GradebookWriter, one_transaction, told_what_to_do

    with told_what_to_do(settings), GradebookWriter(settings) as writer:
        session = writer.gradebook.db
        with one_transaction(session):
            known = {student.id: student for student in session.query(Student).all()}
            for student, fields in people.items():
                row = known.get(student)
                if row is None:
                    if settings.creates_students:
                        session.add(Student(id=student, **fields))
                    continue
                if row.last_name == row.id and "last_name" in fields:  # graded without a name
                    row.last_name = row.first_name = None
                for name, value in fields.items():
                    if getattr(row, name) in (None, ""):
                        setattr(row, name, value)


def fields_of(person: Person) -> dict[str, str]:
    """Return what a roster's row says, as nbgrader's Student names it."""
    row = {name.casefold(): value for name, value in person.row.items()}
    last = row.get("last name") or row.get("surname", "")
    first = row.get("first name", "")
    if not last and "," in row.get("student", ""):
        last, _, first = row["student"].partition(",")
    found = {
        "last_name": last.strip(),
        "first_name": first.strip(),
        "email": row.get("email address") or row.get("email", ""),
        "lms_user_id": row.get("id", "") if "student" in row else "",
    }
    return {name: value for name, value in found.items() if value}
