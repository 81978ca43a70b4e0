"""The gradebook as CSV that Canvas and Moodle import: sums, and the points of each exercise.

Canvas's columns are those of its gradebook's export: Student, ID, SIS User ID, SIS Login ID and
Section, then assignments; a row "Points Possible" may come first. Moodle's grade import takes one
column that says who it is, and a column for each grade item; the teacher maps them.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nbjudge.coursedir.assignments import read_sources
from nbjudge.coursedir.report import Recorded, read_gradebook, short_name
from nbjudge.coursedir.roster import Person, Roster, has_gradebook, letters_of, students_in
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.stopped_cells import name_of
from nbjudge.errors import CourseError

CANVAS = "canvas"
MOODLE = "moodle"
# Canvas reads the first columns by their place. Between them and the grades may stand two more.
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_EXTRA = ("Integration ID", "Root Account")
CANVAS_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
TITLE_WITH_ID = re.compile(r"(.*)\s\(\d+\)")
IDENTIFIERS = ("Email address", "ID number", "Username")  # that Moodle can find a user by


class Row(NamedTuple):
    """What a student got for an assignment."""

    exercises: dict[str, float]  # {exercise: points}
    penalty: float  # points lost for being late
    to_mark: frozenset[str]  # exercises that wait for a person's mark

    @property
    def total(self) -> float:
        """The sum as nbgrader exports it: not below 0."""
        return max(0.0, sum(self.exercises.values()) - self.penalty)


class Grades(NamedTuple):
    """What a class got for an assignment."""

    assignment: str
    possible: dict[str, float]  # {exercise: points}, in the order of the source notebooks
    rows: dict[str, Row]  # {student: Row}


class Exported(NamedTuple):
    """A CSV, and what its reader should know."""

    text: str
    students: int
    notes: list[str]


def read_grades(settings: Settings, assignment: str, only: str = "") -> Grades:
    """Return all points of an assignment, or one student's. Raises CourseError for nobody's."""
    recorded: Recorded = {}
    penalties: dict[str, float] = {}
    if has_gradebook(settings):
        book = read_gradebook(settings.gradebook_url, assignment, only)
        recorded, penalties = book.recorded, book.penalties
    if not recorded:
        raise CourseError(
            f"{assignment}: nobody is graded, so there is nothing to export: run "
            f"`nbjudge grade {assignment}` first, or correct the name"
        )
    order = order_of(settings, assignment, recorded)
    several = len({notebook for notebook, _ in order}) > 1
    possible: dict[str, float] = {}
    rows = {}
    for student, notebooks in sorted(recorded.items()):
        points = {}
        to_mark = set()
        for notebook, grade_id in order:
            if grade_id in notebooks.get(notebook, {}):
                got, most, waits = notebooks[notebook][grade_id]
                name = short_name(f"{notebook}/{grade_id}" if several else grade_id)
                points[name] = got
                possible[name] = most
                if waits:
                    to_mark.add(name)
        rows[student] = Row(points, penalties.get(student, 0), frozenset(to_mark))
    return Grades(assignment, possible, rows)


def order_of(settings: Settings, assignment: str, recorded: Recorded) -> list[tuple[str, str]]:
    """Return [(notebook, grade_id)] as they stand in the source, others at the end."""
    graded: dict[tuple[str, str], None] = {}
    for notebooks in recorded.values():
        for notebook, grades in sorted(notebooks.items()):
            graded |= dict.fromkeys((notebook, grade_id) for grade_id in sorted(grades))
    sources, _ = read_sources(settings.folders, assignment)
    stands = [(name, name_of(cell)) for name, book in sources.items() for cell in book.cells]
    first = [place for place in stands if place in graded]
    return [*first, *(place for place in graded if place not in first)]


def export(
    settings: Settings,
    platform: str,
    assignments: Sequence[str],
    roster: Roster | None = None,
    exercises: bool = False,
    titles: Mapping[str, str] | None = None,
    identifier: str = "",
) -> Exported:
    """Return the grades of these assignments as CSV for a platform, CANVAS or MOODLE.

    One row for each student with a grade who is in the roster, or in the gradebook where no roster
    is given. With `exercises`, a column for each exercise follows the sum. `titles` are
    {assignment: its column's title}; `identifier` is the column by which Moodle finds a user.

    Raises CourseError where nothing can be exported, or the platform would refuse the file.
    """
    grades = [read_grades(settings, assignment) for assignment in assignments]
    people = roster or students_in(settings)
    by_student = {person.student: person for person in people.people}
    graded = {student: None for each in grades for student in each.rows}
    strangers = [student for student in graded if student not in by_student]
    notes = []
    if strangers:
        notes.append(
            f"{people.place} has no row for {listed(strangers)}, so the file has none either: add "
            "them to the roster if they are in the course"
        )
    rows = [person for person in people.people if person.student in graded]
    if not rows:
        raise CourseError(
            f"{people.place}: none of its ids ({people.column}) is graded: choose the column with "
            f"nbgrader's ids by --id-column; the gradebook has {listed(list(graded))}"
        )
    notes += notes_on(grades, rows, platform)
    columns = columns_of(grades, exercises)
    if platform == CANVAS:
        table = for_canvas(people, rows, columns, titles or {}, notes)
    else:
        table = for_moodle(people, rows, columns, titles or {}, identifier)
    if exercises:
        notes.append(
            f"the exercises' columns repeat what is in the sum: give them no weight in "
            f"{platform.capitalize()}, or do not import them"
        )
    return Exported(as_csv(table), len(rows), notes)


class Column(NamedTuple):
    """A column of grades."""

    assignment: str
    exercise: str  # "" for the sum
    possible: float
    points: dict[str, float]  # {student: points}

    @property
    def title(self) -> str:
        """What the column is called where the platform has no name for it."""
        return f"{self.assignment} {self.exercise}".strip()


LATE = "late penalty"


def columns_of(grades: Sequence[Grades], exercises: bool) -> list[Column]:
    """Return the columns: for each assignment its sum, then perhaps exercises and penalty."""
    columns = []
    for assignment, possible, rows in grades:
        totals = {student: row.total for student, row in rows.items()}
        columns.append(Column(assignment, "", sum(possible.values()), totals))
        if not exercises:
            continue
        for name, most in possible.items():
            points = {
                who: row.exercises[name] for who, row in rows.items() if name in row.exercises
            }
            columns.append(Column(assignment, name, most, points))
        if any(row.penalty for row in rows.values()):
            lost = {student: -row.penalty for student, row in rows.items()}
            columns.append(Column(assignment, LATE, 0, lost))
    return columns


def notes_on(grades: Sequence[Grades], rows: Sequence[Person], platform: str) -> list[str]:
    """Return what to know before the file is imported."""
    notes = []
    for each in grades:
        waiting = [student for student, row in each.rows.items() if row.to_mark]
        if waiting:
            notes.append(
                f"{each.assignment}: {listed(waiting)} wait for a mark by hand, and their sums "
                "lack it: mark them in the formgrader, then export again"
            )
        missing = [person.student for person in rows if person.student not in each.rows]
        if missing:
            notes.append(
                f"{each.assignment}: {listed(missing)} have no grade, and an empty cell removes a "
                f"grade that {platform.capitalize()} holds: export this assignment alone to keep it"
            )
    return notes


def listed(students: Sequence[str]) -> str:
    """Return the first of these students for a sentence."""
    more = f" and {len(students) - 5} more" if len(students) > 5 else ""
    return ", ".join(students[:5]) + more


# ---- Canvas ----------------------------------------------------------------------------------


def for_canvas(
    people: Roster,
    rows: Sequence[Person],
    columns: Sequence[Column],
    titles: Mapping[str, str],
    notes: list[str],
) -> list[list[str]]:
    """Return the table for Canvas, with what there is to know added to `notes`."""
    extra = [name for name in CANVAS_EXTRA if name in people.header]
    header = [*CANVAS_COLUMNS[:4], *extra, CANVAS_COLUMNS[4]]
    named = [canvas_title(column, people, titles) for column in columns]
    new = [title for title in named if not TITLE_WITH_ID.fullmatch(title)]
    if new:
        notes.append(
            f"Canvas asks for {listed(new)} whether it is a new assignment: give its exported "
            "gradebook as --roster to have its columns' own titles, or a title with --column"
        )
    table = [[*header, *named]]
    blank = [""] * (len(header) - 1)
    possible = [number(column.possible) for column in columns]
    table.append(["    Points Possible", *blank, *possible])
    for person in rows:
        table.append([*(canvas_value(person, name) for name in header), *values(person, columns)])
    return table


def canvas_title(column: Column, people: Roster, titles: Mapping[str, str]) -> str:
    """Return a column's title: the given one, that of the roster's column, or a new one."""
    if not column.exercise and column.assignment in titles:
        return titles[column.assignment]
    for name in people.header:
        has_id = TITLE_WITH_ID.fullmatch(name)
        if has_id and letters_of(has_id[1]) == letters_of(column.title):
            return name
    title = column.title
    if CANVAS_TOTALS.search(title):
        raise CourseError(
            f"Canvas takes a column called {title!r} for a sum of its own and leaves it out: give "
            f"it another title, such as --column {column.assignment}='Problems'"
        )
    # a number in brackets at the end would be the id of one of Canvas's assignments
    return title.replace("(", "[").replace(")", "]")


def canvas_value(person: Person, name: str) -> str:
    """Return what stands in one of Canvas's columns about a person."""
    row = person.row
    if name in row:
        return row[name]
    if name == "Student":
        full = [row.get("Last name") or row.get("Surname", ""), row.get("First name", "")]
        return ", ".join(filter(None, full)) or row.get("Full name", "") or person.student
    if name == "ID":
        return row.get("lms_user_id", "")
    return person.student if name == "SIS Login ID" else ""


# ---- Moodle ----------------------------------------------------------------------------------


def for_moodle(
    people: Roster,
    rows: Sequence[Person],
    columns: Sequence[Column],
    titles: Mapping[str, str],
    identifier: str,
) -> list[list[str]]:
    """Return the table for Moodle. Raises CourseError where a row would not say who it is."""
    header = {name.casefold(): name for name in people.header}
    if identifier and identifier.casefold() not in header:
        raise CourseError(
            f"{people.place} has no column {identifier!r}: choose one of {', '.join(people.header)}"
        )
    wanted = [identifier] if identifier else IDENTIFIERS
    present = [header[name.casefold()] for name in wanted if name.casefold() in header]
    filled = [name for name in present if all(person.row[name] for person in rows)]
    if identifier and not filled:
        lacking = [person.student for person in rows if not person.row[present[0]]]
        raise CourseError(
            f"{people.place}: the column {present[0]} is empty for {listed(lacking)}: fill it in, "
            "or choose another column, because Moodle refuses a file with an unknown user"
        )
    name = filled[0] if filled else ""  # nbgrader's id is mostly the user's name
    table = [[name or "Username", *(titles.get(each.title, each.title) for each in columns)]]
    for person in rows:
        who = person.row[name] if name else person.student
        table.append([who, *values(person, columns)])
    return table


# ---- CSV -------------------------------------------------------------------------------------


def values(person: Person, columns: Sequence[Column]) -> list[str]:
    """Return a person's points as texts, "" where there are none."""
    points = [column.points.get(person.student) for column in columns]
    return ["" if each is None else number(each) for each in points]


def number(points: float) -> str:
    """Return points with a decimal point, at most four places and no zeros at the end."""
    text = f"{points:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def as_csv(table: Sequence[Sequence[str]]) -> str:
    """Return a table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def need_other_file(target: Path, roster: Path | None) -> None:
    """Raise CourseError where the file to write is the roster."""
    if roster and target.resolve() == roster.resolve():
        raise CourseError(f"{target} is the roster, and is not overwritten: choose another --to")
