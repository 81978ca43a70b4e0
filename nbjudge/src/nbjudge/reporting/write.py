"""Writing the report of a course into a folder, with the learners' names or without."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nbjudge.coursedir.report import Class, Mark, grouped, read_class
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.errors import CourseError
from nbjudge.files import replace_text
from nbjudge.reporting.export import files_of
from nbjudge.reporting.page import Paragraph, page_of
from nbjudge.reporting.summary import Summary, summary_of, topics_of

Explain = Callable[[str], Paragraph | None]  # the paragraph on a misconception's code
PAGE = "report.html"
SHORTEST_NAME = 3  # letters of a name that is looked for in texts


def read_classes(settings: Settings, assignments: Sequence[str] = ()) -> dict[str, Class]:
    """Return {assignment: Class} of these assignments, or of all that somebody has handed in.

    Raises CourseError where nobody is graded.
    """
    found = {}
    for assignment in assignments or settings.folders.assignments():
        about = read_class(settings.root, assignment, settings.gradebook_url)
        if any(about.table.values()):
            found[assignment] = about
        elif assignments:
            raise CourseError(
                f"{assignment}: nobody is graded, so there is nothing to report: run "
                f"`nbjudge grade {assignment}` first, or correct the name"
            )
    if not found:
        raise CourseError(
            "no lesson is graded, so there is nothing to report: run `nbjudge grade LESSON` first"
        )
    return found


def write_report(
    folder: Path,
    settings: Settings,
    classes: Mapping[str, Class],
    pass_mark: float = 50,
    hide_names: bool = False,
    explain: Explain | None = None,
) -> list[Path]:
    """Write report.html, report.json and the CSV files into a folder, and return their paths.

    `pass_mark`: in percent. `explain` returns where the course explains a misconception. Only the
    owner of the files can read them, because they hold names and hidden tests. Raises CourseError
    where the folder cannot be written.
    """
    if hide_names:
        classes = without_names(classes, names_in(settings))
    summary = summary_of(settings.course_id, classes, pass_mark)
    texts = {PAGE: page_of(summary, paragraphs_of(summary, explain))} | files_of(summary)
    try:
        for name, text in texts.items():
            replace_text(folder / name, text, private=True)
    except OSError as problem:
        raise CourseError(
            f"{folder}: the report cannot be written there ({problem.strerror}): choose another "
            "folder with --out, or allow it"
        ) from problem
    return [folder / name for name in texts]


def write_page(
    settings: Settings, assignment: str, about: Class, findings: Sequence[Finding]
) -> Path:
    """Write autograded/report-ASSIGNMENT.html, with the findings of a grading; return its path."""
    summary = summary_of(settings.course_id, {assignment: about})
    path = settings.folders.autograded(".", ".") / f"report-{assignment}.html"
    replace_text(path, page_of(summary, findings=grouped(findings)))
    return path


def paragraphs_of(summary: Summary, explain: Explain | None) -> dict[str, Paragraph] | None:
    """Return {code: where the course explains it}, None for a course that cannot say."""
    if explain is None:
        return None
    found = {}
    for topic in topics_of(summary):
        if there := explain(topic.code):
            found[topic.code] = there
    return found


# ---- without names -------------------------------------------------------------------------------


def names_in(settings: Settings) -> list[tuple[str, str]]:
    """Return (id of a student, a name of theirs) of all that the gradebook knows."""
    from nbgrader.api import Gradebook

    found = []
    with Gradebook(settings.gradebook_url) as book:
        for student in book.students:
            for name in (student.first_name, student.last_name, student.email, student.lms_user_id):
                found.append((str(student.id), str(name or "")))
    return found


def without_names(
    classes: Mapping[str, Class], names: Sequence[tuple[str, str]] = ()
) -> dict[str, Class]:
    """Return the classes with a number in place of each learner's id.

    The numbers are drawn anew each time, so that nobody finds a learner by the order of the
    alphabet, and rows come by number. Ids and names are taken out of answers and messages, too.
    """
    learners = sorted({learner for about in classes.values() for learner in about.table})
    random.SystemRandom().shuffle(learners)
    digits = len(str(len(learners)))
    numbers = {who: f"L{place:0{digits}}" for place, who in enumerate(learners, 1)}
    clean = cleaner([*learners, *(name for _, name in names)])
    found = {}
    for assignment, about in classes.items():
        table = {}
        for learner in sorted(about.table, key=lambda who: numbers[who]):
            row = about.table[learner]
            table[numbers[learner]] = {
                name: mark_without(mark, clean) for name, mark in row.items()
            }
        lost = {numbers[learner]: penalty for learner, penalty in about.penalties.items()}
        found[assignment] = about._replace(table=table, penalties=lost)
    return found


def cleaner(names: Sequence[str]) -> Callable[[str], str]:
    """Return a function that replaces all these names in a text by "(name)"."""
    wanted = sorted({name for name in names if len(name) >= SHORTEST_NAME}, key=len, reverse=True)
    if not wanted:
        return lambda text: text
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.sub("(name)", text)


def mark_without(mark: Mark, clean: Callable[[str], str]) -> Mark:
    """Return a mark whose texts hold no names."""
    failure = mark.failure
    if failure:
        failure = failure._replace(reason=clean(failure.reason), title=clean(failure.title))
    return mark._replace(failure=failure, answer=clean(mark.answer), said=clean(mark.said))
