"""nbjudge grades nbgrader courses: in parallel, in a sandbox, with nbgrader's files and gradebook.

    import nbjudge

    outcome = nbjudge.grade("path/to/course", ["ps1"])
    for finding in outcome.findings:
        print(finding)

The public surface is what `__all__` names. It is loaded on first use (PEP 562): the code that runs
beside a submission imports this package too, and importing nbgrader would cost it a second.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbjudge.coordinator import Outcome, grade
    from nbjudge.coursedir.submissions import Finding
    from nbjudge.errors import (
        AlreadyGrading,
        AnswerBankError,
        CourseError,
        GradebookError,
        KernelUnavailable,
        MachineBusy,
        NbjudgeError,
        ProcessLost,
        SandboxError,
        SandboxUnavailable,
        SchedulerError,
        SettingsError,
        SubmissionError,
    )
    from nbjudge.grading.options import Options
    from nbjudge.seeds import own_seed

__all__ = [
    "AlreadyGrading",
    "AnswerBankError",
    "CourseError",
    "Finding",
    "GradebookError",
    "KernelUnavailable",
    "MachineBusy",
    "NbjudgeError",
    "Options",
    "Outcome",
    "ProcessLost",
    "SandboxError",
    "SandboxUnavailable",
    "SchedulerError",
    "SettingsError",
    "SubmissionError",
    "grade",
    "own_seed",
]

_MODULES = {
    "Finding": "nbjudge.coursedir.submissions",
    "Options": "nbjudge.grading.options",
    "Outcome": "nbjudge.coordinator",
    "grade": "nbjudge.coordinator",
    "own_seed": "nbjudge.seeds",
}  # all other names of __all__ are errors

# nbformat validates notebooks with jsonschema, which imports rfc3987_syntax to recognise IRIs.
# A notebook has no IRIs, and the import takes a second in every process: None makes it fail fast.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def __getattr__(name: str) -> object:
    """Import a public name on first use. Raises AttributeError for any other name."""
    if name not in __all__:
        raise AttributeError(f"module 'nbjudge' has no attribute '{name}'")
    return getattr(import_module(_MODULES.get(name, "nbjudge.errors")), name)


def __dir__() -> list[str]:
    """Return the public names, including those that are not loaded yet."""
    return sorted({*globals(), *__all__})
