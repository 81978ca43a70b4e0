"""What nbjudge raises. The command line catches NbjudgeError and nothing else.

NbjudgeError
├── CourseError: the course's folder cannot be graded as it is
│   ├── SettingsError: nbgrader_config.py cannot be read
│   ├── GradebookError: the gradebook cannot be read or written
│   └── AlreadyGrading: another process grades this course
├── SubmissionError: one submission cannot be graded; the others are
├── AnswerBankError: an answer bank is not laid out as it should be
├── SchedulerError: no Dask scheduler answers
├── KernelUnavailable: a Jupyter kernel does not start
└── SandboxError
    ├── SandboxUnavailable: this system lets no sandbox be built
    ├── ProcessLost: a zygote, template or sandbox has ended unexpectedly
    └── MachineBusy: a cell got too little time on a core
"""


class NbjudgeError(Exception):
    """str() says what is wrong and what to do next."""


class CourseError(NbjudgeError):
    """The course's folder cannot be graded as it is."""


class SettingsError(CourseError):
    """nbgrader_config.py cannot be read; str() names its line."""


class GradebookError(CourseError):
    """The gradebook cannot be read or written."""


class AlreadyGrading(CourseError):
    """Another process grades this course."""


class SubmissionError(NbjudgeError):
    """One submission cannot be graded; the others are."""


class AnswerBankError(NbjudgeError):
    """An answer bank is not laid out as it should be."""


class SchedulerError(NbjudgeError):
    """No Dask scheduler answers at the given address."""


class KernelUnavailable(NbjudgeError):
    """A Jupyter kernel does not start, through no fault of a submission."""


class SandboxError(NbjudgeError):
    """The sandbox itself does not work; no submission has caused that."""


class SandboxUnavailable(SandboxError):
    """This system lets no sandbox be built; str() says which step failed."""


class ProcessLost(SandboxError):
    """A zygote, template or sandbox process has ended, and no cell is known to have caused it."""


class MachineBusy(SandboxError):
    """A cell waited for a core so long that nobody can say whether it ends within its limit."""
