"""Which submissions are graded, and in which order."""

import itertools
from collections.abc import Collection, Iterable

from nbjudge.coursedir.folders import Folders
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import Finding, misnamed, students_of
from nbjudge.grading.options import Options
from nbjudge.untrusted import shown

Wanted = list[tuple[str, str]]  # [(assignment, student)]


def no_such_notebook(
    settings: Settings, assignment: str, notebooks: Iterable[str], options: Options
) -> Finding:
    """Return the finding on a pattern that no notebook of an assignment has."""
    sentence = (
        f"no notebook of it is called {options.notebook}, so nothing was graded: choose one of "
        f"{', '.join(notebooks)}"
    )
    place = settings.folders.shown(settings.folders.source(assignment))
    return Finding("", assignment, place, sentence, True)


def submissions_to_grade(
    folders: Folders,
    assignments: list[str],
    students: Collection[str] | None,
) -> tuple[Wanted, list[Finding]]:
    """Return ([(assignment, student)], findings on those who have not handed in).

    `students` None: all who have.
    """
    wanted = []
    findings = []
    for assignment in assignments:
        present = students_of(folders, assignment)
        for student in present if students is None else students:
            if student in present:
                wanted.append((assignment, student))
                continue
            place = shown(folders.shown(folders.submitted(student, assignment)))
            sentence = (
                "there is no such folder, so nothing was graded: "
                "collect the submission or correct the name"
            )
            findings.append(Finding(shown(student), assignment, place, sentence, True))
        odd = misnamed(folders, assignment) if students is None else []
        findings += odd
        if students is None and not present and not odd:
            place = folders.shown(folders.submitted("*", assignment))
            sentence = "nobody has handed this lesson in: collect the submissions"
            findings.append(Finding("", assignment, place, sentence, True))
    return wanted, findings


# The first submission of the next assignment is sent when so many submissions for each worker are
# still to run: making its template process may take as long as four submissions.
AHEAD = 4


def interleaved(wanted: Wanted, workers: int) -> Wanted:
    """Return the same submissions, with the first of each assignment before the end of the last.

    The first submission of an assignment makes its template process. It is sent early, so that the
    other workers still have something to do meanwhile. The second assignment begins at once, on the
    second worker. No assignment begins before the previous one has, because a worker keeps only two
    idle template processes.
    """
    found: Wanted = []
    begun = 0  # number of submissions when the assignment before had begun
    for number, (_, group) in enumerate(itertools.groupby(wanted, key=lambda each: each[0])):
        first, *others = group
        place = 1 if number == 1 else max(begun + workers, len(found) - AHEAD * workers)
        found.insert(place, first)
        begun = len(found)
        found += others
    return found
