"""`python -m tests.attacks stock [NAME...]`: the corpus graded by stock nbgrader.

`python -m tests.attacks ours [NAME...]`: the same by nbjudge. Both write their column of
docs/attacks.md. Attacks that could harm the machine are not run with stock nbgrader: nothing would
be between them and it.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config import Config

from nbjudge.coursedir.settings import path_with_alembic
from tests.attacks.course import LESSON, hand_in, listener, make_course
from tests.attacks.grading import autograded, chosen, grade_corpus
from tests.attacks.table import outcome, write_table


def stock(names: Sequence[str]) -> None:
    """Grade the corpus by `nbgrader autograde` with its own defaults, and write the table."""
    with tempfile.TemporaryDirectory() as folder, listener() as (port, heard):
        root, home = Path(folder, "course"), Path(folder, "home")
        make_course(root, home)
        os.environ["PATH"] = path_with_alembic()
        os.environ["PYTHONPATH"] = str(root / "package")
        os.environ["HOME"] = str(home)
        os.environ["GRADER_TOKEN"] = "LOOT"
        config = Config()
        config.CourseDirectory.root = str(root)
        directory = CourseDirectory(config=config, assignment_id=LESSON)
        made = capture_log(GenerateAssignment(coursedir=directory, config=config))
        assert made["success"], made
        outcomes = {}
        for attack in chosen(names):
            if attack.stock:
                outcomes[attack.name] = attack.stock
                continue
            hand_in(root, attack.learner, attack, {"@ROOT@": root, "@HOME@": home, "@PORT@": port})
            outcomes[attack.name] = autograde(root, config, attack.learner, heard)
            print(f"{attack.name}: {outcomes[attack.name]}", flush=True)
            write_table("stock", outcomes)  # after each, because all take minutes
        write_table("stock", outcomes)


def autograde(root: Path, config: Config, learner: str, heard: list[bytes]) -> str:
    """Grade one submission by nbgrader; return the table's words."""
    directory = CourseDirectory(config=config, assignment_id=LESSON, student_id=learner)
    capture_log(Autograde(coursedir=directory, config=config))
    notebook = autograded(root, learner)
    if notebook is None:
        says = outcome(None, None, bool(heard))
    else:
        with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
            names = ("check-add", "check-mean", "why")
            grades = [gradebook.find_grade(name, LESSON, LESSON, learner) for name in names]
            add, mean, why = (grade.score for grade in grades)
        says = outcome((add, mean), notebook, bool(heard))
        if why:
            says += f", {why:g} for the cell that a person is to read"
    heard.clear()
    return says


def ours(names: Sequence[str]) -> None:
    """Grade the corpus by nbjudge, and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        measured, _ = grade_corpus(Path(folder), names)
    write_table("ours", {name: found.says for name, found in measured.items()})


if __name__ == "__main__":
    COLUMNS = {"stock": stock, "ours": ours}
    if len(sys.argv) < 2 or sys.argv[1] not in COLUMNS:
        sys.exit(__doc__)
    COLUMNS[sys.argv[1]](sys.argv[2:])
