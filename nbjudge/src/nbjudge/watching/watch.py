"""Grading what arrives, as long as it runs.

Each look costs a few system calls for a submission; only what has changed is graded, by the same
code as `nbjudge grade`, and cells whose results are kept do not run.
"""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from nbjudge.collect.into_course import collect
from nbjudge.collect.sources import default_place
from nbjudge.coordinator import grade_course
from nbjudge.coursedir.settings import Settings, read_settings
from nbjudge.coursedir.submissions import students_of
from nbjudge.errors import AlreadyGrading, CourseError, NbjudgeError
from nbjudge.grading.options import Options
from nbjudge.grading.progress import Tell
from nbjudge.watching.arrivals import Arrivals
from nbjudge.watching.visible import VisibleMarks
from nbjudge.worker.submission import end_templates

FEW = 4  # submissions that this process grades itself, without starting workers
SAID_AGAIN = 300.0  # seconds after which the same problem is told once more

Say = Callable[[str], object]


class Source(NamedTuple):
    """Where submissions come from before they are in submitted/."""

    place: Path | None  # None: what nbgrader would collect, such as the exchange
    roster: Path | None = None
    id_column: str = ""


class Watch:
    """Watches the submissions to some assignments."""

    def __init__(
        self,
        root: Path,
        assignments: Sequence[str],
        options: Options,
        every: float,
        say: Say,
        tell: Callable[[Settings], Tell],
        source: Source | None = None,
        pages: Path | None = None,
    ) -> None:
        """`every`: seconds between two looks. `say` takes sentences, `tell` makes what is told of
        each submission. `pages`: the folder for the learners' pages; None: there are none."""
        self.root = root
        self.assignments = assignments
        self.options = options
        self.every = every
        self.say = say
        self.tell = tell
        self.source = source
        self.pages = pages
        self.by_assignment: dict[str, Arrivals] = {}
        self.places = Arrivals(every)  # of what is collected from
        self.lessons = Arrivals(every)  # of the source notebooks
        self.known: set[str] = set()  # assignments whose source was seen
        self.problem = ("", 0.0)  # that was last told, and when
        self.graded = 0

    def need_assignments(self) -> None:
        """Raise CourseError where one of the assignments is not there."""
        folders = read_settings(self.root).folders
        for assignment in self.assignments:
            if assignment not in folders.assignments():
                raise CourseError(
                    f"source/{assignment}: there is no such folder with a notebook: choose one of "
                    f"{', '.join(folders.assignments()) or 'those in source/'}"
                )

    def run(self, looks: int | None = None) -> None:
        """Look again and again until Ctrl-C or SIGTERM; with `looks`, so many times."""
        # a service is ended with SIGTERM, and may inherit that SIGINT is ignored
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, signal.default_int_handler) for number in numbers]
        try:
            while looks is None or looks > 0:
                looks = looks and looks - 1
                self.look()
                if looks != 0:
                    time.sleep(self.every)
        except KeyboardInterrupt:
            self.say(f"Stopped; {self.graded} graded. What was under way is graded next time.")
        finally:
            end_templates()
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def look(self) -> None:
        """Collect and grade what has arrived. What goes wrong is told, and tried again later."""
        try:
            settings = read_settings(self.root)
            for assignment in self.assignments:
                self._look_at_source(settings, assignment)
                if self.source:
                    self._collect(settings, assignment, self.source)
                self._grade(settings, assignment)
        except AlreadyGrading:
            return  # somebody grades by hand: the next look finds what is left
        except (NbjudgeError, OSError) as problem:
            self._say_once(str(problem))

    def _say_once(self, problem: str) -> None:
        """Tell a problem, but not at each look."""
        text, when = self.problem
        if problem != text or time.monotonic() - when > SAID_AGAIN:
            self.say(problem)
            self.problem = problem, time.monotonic()

    def _look_at_source(self, settings: Settings, assignment: str) -> None:
        """Tell when a source has changed: those who came earlier were graded by another one."""
        source = settings.folders.source(assignment)
        if not self.lessons.complete([(assignment, source)]):
            return
        if assignment in self.known:
            self.say(
                f"source/{assignment} has changed: run `nbjudge grade {assignment}`, so that all "
                "are graded by the same tests"
            )
        self.known.add(assignment)

    def _collect(self, settings: Settings, assignment: str, source: Source) -> None:
        place = source.place or default_place(settings, assignment)
        if not self.places.complete([(assignment, place)]):
            return
        try:
            places = [source.place] if source.place else []
            result = collect(
                settings, assignment, places, source.roster, source.id_column, update=True
            )
        except NbjudgeError:
            self.places.again(assignment)
            raise
        for finding in result.findings:
            if finding.blocks or finding.student in (*result.new, *result.replaced):
                self.say(str(finding))

    def _grade(self, settings: Settings, assignment: str) -> None:
        folders = settings.folders
        students = students_of(folders, assignment)
        places = [(student, folders.submitted(student, assignment)) for student in students]
        arrived = self.submitted_of(assignment).complete(places)
        if not arrived:
            return
        outcome = None
        try:
            options = self.options._replace(stay_ready=len(arrived) <= FEW)
            tell = self.tell(settings)
            outcome = grade_course(settings, [assignment], arrived, options, tell)
            self.graded += len(outcome.graded)
            if self.pages:
                marks = VisibleMarks(settings, options)
                marks.write(self.pages, assignment, arrived, outcome)
        finally:
            if outcome is None:
                for student in arrived:
                    self.submitted_of(assignment).again(student)

    def submitted_of(self, assignment: str) -> Arrivals:
        """Return what knows the submissions to an assignment."""
        return self.by_assignment.setdefault(assignment, Arrivals(self.every))
