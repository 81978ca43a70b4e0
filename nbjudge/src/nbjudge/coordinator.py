"""Grading: what to run, in which order, and what is recorded.

submitted/STUDENT/ASSIGNMENT/ is only read. The gradebook and autograded/ are the course's own, so
nbgrader's formgrader, feedback and export go on from here. What ran is kept in .grading/, and runs
again only where something that it depends on has changed.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from nbjudge.coursedir.assignments import read_sources
from nbjudge.coursedir.gradebook import GradebookWriter, told_what_to_do
from nbjudge.coursedir.modules import packages_of
from nbjudge.coursedir.results import only_one
from nbjudge.coursedir.settings import Settings, read_settings
from nbjudge.coursedir.submissions import Finding
from nbjudge.coursedir.unwritable import told_where_to_make_room
from nbjudge.grading.assignments import Assignments
from nbjudge.grading.options import DEFAULTS, Options, chosen
from nbjudge.grading.progress import Progress, Tell, tell_nobody
from nbjudge.grading.recording import Recorder
from nbjudge.grading.running import Grading
from nbjudge.grading.wanted import Wanted, interleaved, no_such_notebook, submissions_to_grade
from nbjudge.worker import submission as worker


class Outcome(NamedTuple):
    """What a grading came to."""

    graded: Wanted
    findings: list[Finding]
    cells: int = 0  # that ran; all others were kept from earlier runs
    work: float = 0  # CPU seconds of this process itself while submissions ran

    @property
    def clean(self) -> bool:
        """Whether all that was handed in is graded, however odd it was."""
        return not any(finding.blocks for finding in self.findings)


def grade(
    root: Path | str,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
    tell: Tell = tell_nobody,
) -> Outcome:
    """Grade all submissions to the assignments, or those of some students.

    `tell(done, total, student, findings, assignment)` is called before the first submission and
    after each, when its marks are in the gradebook.
    Raises CourseError, SandboxUnavailable or SchedulerError where nothing can be graded at all.
    """
    return grade_course(read_settings(root), assignments, students, options, tell)


def grade_course(
    settings: Settings,
    assignments: list[str],
    students: Collection[str] | None = None,
    options: Options = DEFAULTS,
    tell: Tell = tell_nobody,
    new_grading: Callable[..., Grading] = Grading,
    new_recorder: Callable[..., Recorder] = Recorder,
) -> Outcome:
    """Do what `grade` does, for a course whose settings are read already.

    `new_grading` and `new_recorder` make the Grading and its Recorder, where they are to be others.
    """
    root = settings.root
    with told_where_to_make_room(root), told_what_to_do(settings), only_one(root):
        findings: list[Finding] = []
        sources = {}
        for assignment in assignments:
            notebooks, problems = read_sources(settings.folders, assignment)
            findings += problems
            if notebooks and not chosen(notebooks, options):
                findings.append(no_such_notebook(settings, assignment, notebooks, options))
            elif notebooks:
                sources[assignment] = notebooks
        wanted, problems = submissions_to_grade(settings.folders, list(sources), students)
        findings += problems
        tell(0, len(wanted), "", findings, "")
        progress = Progress(len(wanted), findings, tell)
        grading = new_grading(settings, sources, options, progress, new_recorder)
        grading.run(interleaved(wanted, grading.workers))
    # Sorted, because submissions end in another order each time.
    graded = sorted(progress.graded)
    findings.sort(key=lambda finding: (finding.assignment, finding.student))
    return Outcome(graded, findings, grading.recorder.cells, grading.work)


def make_ready(
    root: Path | str, assignment: str, imports: Iterable[str], options: Options = DEFAULTS
) -> None:
    """Start what an assignment's submissions are forked from, for `grade` with `stay_ready`.

    `imports`: modules of other assignments that will be graded, too, so that the zygote need not
    be started again for these. Nothing is started where no sandbox is used, or the assignment
    cannot be graded: `grade` says why. Raises CourseError as `grade` does.
    """
    settings = read_settings(root)
    with told_where_to_make_room(settings.root), told_what_to_do(settings), only_one(settings.root):
        sources, _ = read_sources(settings.folders, assignment)
        with GradebookWriter(settings) as gradebook:
            assignments = Assignments(settings, {assignment: sources}, options, gradebook)
            if sources and not assignments.refusal(assignment):
                common, _ = assignments.get(assignment)
                packages = packages_of([*common.imports, *imports])
                if not all(common.kernels.values()):
                    from nbjudge.sandbox.host.fork_server import warm_up

                    warm_up(packages)
                worker.make_ready(common._replace(packages=tuple(sorted(packages))))
