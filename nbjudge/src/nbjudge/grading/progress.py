"""How far a grading is, and whom it tells."""

from collections.abc import Callable

from nbjudge.coursedir.submissions import Finding
from nbjudge.grading.wanted import Wanted

# (done, total, student, findings, assignment); the student is "" for what is about all of it
Tell = Callable[[int, int, str, list[Finding], str], object]


def tell_nobody(
    done: int,
    total: int,
    student: str,
    findings: list[Finding],
    assignment: str,
) -> None:
    """Take the news of a grading and do nothing."""


class Progress:
    """How far a grading is; calls `tell` after each submission."""

    def __init__(
        self,
        total: int,
        findings: list[Finding],
        tell: Tell,
    ) -> None:
        self.total = total
        self.findings = findings
        self.tell = tell
        self.graded: Wanted = []
        self.failed = 0

    def written(
        self,
        assignment: str,
        student: str,
        findings: list[Finding],
    ) -> None:
        """Take note that a submission is written down; `student` "" for a whole assignment."""
        self.findings += findings
        if student and any(finding.blocks for finding in findings):
            self.failed += 1
        elif student:
            self.graded.append((assignment, student))
        done = len(self.graded) + self.failed
        self.tell(done, self.total, student, findings, assignment)
