"""What goes back to students: nbgrader's feedback, without the hidden tests."""

import copy
import logging
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from nbjudge.errors import CourseError

if TYPE_CHECKING:
    from nbjudge.coursedir.settings import Settings


def write_feedback(
    settings: "Settings",
    assignments: list[str],
    students: Collection[str] | None = None,
) -> Path:
    """Write what `nbgrader generate_feedback --force` writes, without hidden tests.

    `students` None: all who are graded. Returns the folder. Raises CourseError where nbgrader
    cannot write it; nbgrader's log, on stderr, says more.
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    from nbjudge.coursedir.preprocessors import hiding_tests

    config = copy.deepcopy(settings.config)
    with settings.working_folder.entered():
        steps = GenerateFeedback(config=config).preprocessors
        config.GenerateFeedback.preprocessors = hiding_tests(steps)
        for assignment in assignments:
            for student in students or ["*"]:
                directory = CourseDirectory(config=config)
                directory.assignment_id = assignment
                directory.student_id = student
                step = GenerateFeedback(coursedir=directory, config=config)
                step.force = True
                step.log = step.log.getChild("feedback")  # the other parts' log stays as it is
                step.log.setLevel(logging.ERROR)
                try:
                    step.start()
                except (NbGraderException, SystemExit) as problem:
                    raise CourseError(
                        f"the feedback on {assignment} cannot be written ({problem}): grade it "
                        f"first, with `nbjudge grade {assignment}`"
                    ) from problem
    return settings.root / settings.directory.feedback_directory
