"""What is recorded of submissions that have ended: notebooks, then marks, and what to tell."""

import contextlib
import json
import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from nbjudge.coursedir import hand_marks
from nbjudge.coursedir.failures import NO_NUMBER
from nbjudge.coursedir.folders import Folders
from nbjudge.coursedir.gradebook import GradedSubmission
from nbjudge.coursedir.own_steps import OwnSteps
from nbjudge.coursedir.results import read_record, record_of, write_autograded
from nbjudge.coursedir.submissions import Finding, stamp_of
from nbjudge.coursedir.unwritable import cannot_write, is_below
from nbjudge.errors import CourseError, KernelUnavailable, SubmissionError
from nbjudge.files import overlaid, replace_text
from nbjudge.grading.assignments import Assignments
from nbjudge.grading.options import chosen
from nbjudge.grading.progress import Progress
from nbjudge.untrusted import one_line
from nbjudge.worker import submission as worker

SEE_THE_LESSON = (
    "the lesson's own cells need `{package}`, which is not installed, so nothing was graded: this "
    "is not the learner's fault, see what is said of the lesson"
)


class Sent(NamedTuple):
    """A submission that a worker has, with what the worker does not need."""

    assignment: str
    student: str
    timestamp: datetime | None
    files: Mapping[str, bytes | Path]  # what lies beside the notebooks


class Recorder:
    """Writes down what has ended, notebooks before marks, and tells of it."""

    def __init__(self, assignments: Assignments, own_steps: OwnSteps, progress: Progress) -> None:
        self.settings = assignments.settings
        self.root = self.settings.root
        self.folders = self.settings.folders
        self.sources = assignments.sources
        self.options = assignments.options
        self.gradebook = assignments.gradebook
        self.assignments = assignments
        self.own_steps = own_steps
        self.progress = progress
        self.ended: list[tuple[Sent, worker.Graded | BaseException]] = []  # not written down yet
        self.cells = 0  # that ran, of what is written down
        self.missing: set[tuple[str, str]] = set()  # (assignment, package) that was told

    def write_down(self) -> None:
        """Write down what has ended, notebooks before marks, and tell of it."""
        written = []
        for sent, result in self.ended:
            written.append((sent, self.write_results(sent, self._graded(sent, result))))
        self.ended.clear()
        problems = self._record([(sent, graded) for sent, graded in written if not graded.problem])
        for sent, graded in written:
            problem = problems.get((sent.assignment, sent.student))
            if problem:
                graded = self.ungraded(sent, problem, "", graded.says)
            findings = findings_on(sent, graded, self.folders)
            findings += self._on_assignment(sent.assignment, graded)
            self.progress.written(sent.assignment, sent.student, findings)

    def _on_assignment(self, assignment: str, graded: worker.Graded) -> list[Finding]:
        """Return findings on the instructor's own cells that no earlier submission has brought."""
        found = []
        for name, marks in graded.marks.items():
            for check in marks.no_numbers:
                place = f"source/{assignment}/{name}.ipynb"
                finding = Finding("", assignment, place, NO_NUMBER.format(check))
                if finding not in self.progress.findings:
                    found.append(finding)
        return found

    def _answers(self, sent: Sent, result: worker.Graded) -> hand_marks.Answers:
        """Return what the marks of a submission are for."""
        common, _ = self.assignments.get(sent.assignment)
        own = {name: digest for name, digest in result.digests.items() if name not in common.files}
        answers = {name: marks.answers for name, marks in result.marks.items()}
        return hand_marks.with_files(answers, own)

    def _graded(self, sent: Sent, result: worker.Graded | BaseException) -> worker.Graded:
        """Return what is to be written down, an exception turned into a sentence."""
        if isinstance(result, BaseException):
            if isinstance(result, KernelUnavailable):
                return worker.ungraded(f"{result}; nothing was graded", "")
            problem = (
                f"no worker could run it ({type(result).__name__}: {str(result)[:200]}), "
                "so nothing was graded: try again"
            )
            return self.ungraded(sent, problem)
        if result.problem:
            return self.ungraded(sent, result.problem, result.file, result.says)
        for package, cell in result.lacks.items():
            if not self.assignments.is_handed_in(sent.assignment, package):
                self._tell_of_missing(sent.assignment, package, cell)
                return self.ungraded(sent, SEE_THE_LESSON.format(package=package))
        return result

    def _tell_of_missing(self, assignment: str, package: str, cell: str) -> None:
        """Say once that a package is missing which the assignment's own cells import."""
        if (assignment, package) in self.missing:
            return
        self.missing.add((assignment, package))
        sentence = (
            f"its cell `{cell}` imports `{package}`, which is not installed where submissions run, "
            f"so nothing was graded: install it with `{sys.executable} -m pip install`, or correct "
            "the cell; then run the same command again"
        )
        place = self.folders.shown(self.folders.source(assignment))
        self.progress.written(assignment, "", [Finding("", assignment, place, sentence, True)])

    def ungraded(
        self,
        sent: Sent,
        problem: str,
        file: str = "",
        says: Iterable[str] = (),
    ) -> worker.Graded:
        """Return what is to be said of a submission that cannot be graded."""
        earlier = self.folders.autograded(sent.student, sent.assignment)
        if sent.student and any(earlier.glob("*.ipynb")):
            problem = f"{problem}; the earlier grading stays as it is"
        return worker.ungraded(problem, file, says)

    def write_results(self, sent: Sent, result: worker.Graded) -> worker.Graded:
        """Write the executed notebooks of a submission, then its record; return what to tell.

        What one submission holds may be impossible to write, such as a file that is gone by now.
        Then nothing of it is written. Raises OSError where nothing can be written at all.
        """
        if result.problem:
            return result
        assignment, student, _, files = sent
        submitted = self.folders.submitted(student, assignment)
        stamp = stamp_of(submitted)
        target = self.folders.autograded(student, assignment)
        others = set(self.sources[assignment]) - set(chosen(self.sources[assignment], self.options))
        files = overlaid(files, result.written)
        try:
            result = self.finished(sent, result)
            texts = earlier_notebooks(target, others) | result.notebooks
            write_autograded(self.settings, target, texts, files, stamp)
            record = result.record
            if others:
                record = with_notebooks(record, read_record(self.root, assignment, student), others)
            self.keep_record(sent, record)
        except SubmissionError as reason:
            return self.ungraded(sent, str(reason), "", result.says)
        except Exception as problem:
            if cannot_write(problem) and not is_below(submitted, problem):
                raise
            sentence = (
                f"its results cannot be written ({type(problem).__name__}: {str(problem)[:200]}), "
                "so nothing was graded: look at the files in this folder"
            )
            return self.ungraded(sent, sentence, "", result.says)
        self.cells += result.cells
        return result

    def keep_record(self, sent: Sent, record: str) -> None:
        """Keep the record of a submission for its next grading."""
        replace_text(record_of(self.root, sent.assignment, sent.student), record, private=True)

    def finished(self, sent: Sent, result: worker.Graded) -> worker.Graded:
        """Return a result after the course's own preprocessors that come last."""
        notebooks = {}
        marks = {}
        for name, text in result.notebooks.items():
            resources = self.own_steps.resources(sent.student, sent.assignment, name)
            finished = self.own_steps.finish(text, result.marks[name], resources)
            notebooks[name], marks[name] = finished
        return result._replace(notebooks=notebooks, marks=marks)

    def _record(self, graded: list[tuple[Sent, worker.Graded]]) -> dict[tuple[str, str], str]:
        """Record marks; return {(assignment, student): why theirs cannot be recorded}.

        Where not all can be recorded together, each is recorded by itself. Raises DBAPIError where
        the gradebook cannot be used at all.
        """
        if not graded:
            return {}
        marks = []
        kept = []
        try:
            for sent, result in graded:
                who = sent.assignment, sent.student
                answers = self._answers(sent, result)
                same = hand_marks.unchanged(self.root, *who, answers)
                names = chosen(self.sources[sent.assignment], self.options)
                marks.append(GradedSubmission(*who, sent.timestamp, result.marks, same, names))
                kept.append((who, answers))
            self.gradebook.record(marks)
        except Exception as problem:
            if cannot_be_used(problem):
                raise
            self.gradebook.students.clear()  # those of the transaction are not there
            if len(graded) == 1:
                why = (
                    f"its marks cannot be recorded ({type(problem).__name__}: "
                    f"{str(problem)[:200]}), so the gradebook holds nothing new: "
                    "look at the files in this folder"
                )
                sent, _ = graded[0]
                return {(sent.assignment, sent.student): why}
            problems: dict[tuple[str, str], str] = {}
            for one in graded:
                problems |= self._record([one])
            return problems
        for who, answers in kept:
            self.keep_answers(who, answers)
        return {}

    def keep_answers(self, who: tuple[str, str], answers: hand_marks.Answers) -> None:
        """Keep what the marks of a submission, (assignment, student), are for."""
        hand_marks.keep(self.root, *who, answers)


def earlier_notebooks(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return {name: text} of those notebooks that are graded already."""
    found = {}
    for name in names:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found[name] = (folder / f"{name}.ipynb").read_text(encoding="utf-8")
    return found


def with_notebooks(record: str, earlier: str, names: Collection[str]) -> str:
    """Return a record with what an earlier one says of these notebooks."""
    try:
        before = json.loads(earlier)["notebooks"]
        kept = {name: notebook for name, notebook in before.items() if name in names}
    except (ValueError, KeyError, TypeError, AttributeError):  # there is none, or it is damaged
        return record
    now = json.loads(record)
    now["notebooks"] = kept | now["notebooks"]
    return json.dumps(now)


def cannot_be_used(problem: Exception) -> bool:
    """Return whether this is about the whole course, not about what was to be recorded."""
    about_the_marks = isinstance(problem, (DataError, IntegrityError))
    of_the_gradebook = isinstance(problem, DBAPIError) and not about_the_marks
    return of_the_gradebook or isinstance(problem, CourseError)


def findings_on(sent: Sent, result: worker.Graded, folders: Folders) -> list[Finding]:
    """Return what there is to say about a submission."""
    assignment, student, *_ = sent
    file = result.file or folders.shown(folders.submitted(student, assignment))
    findings = [Finding(student, assignment, file, one_line(said)) for said in result.says]
    if result.problem:
        findings.append(Finding(student, assignment, file, one_line(result.problem), blocks=True))
    return findings
