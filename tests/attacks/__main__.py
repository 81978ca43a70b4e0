"""`python -m tests.attacks stock [NAME...]`: hand the corpus to stock nbgrader and write its column of docs/attacks.md.

`python -m tests.attacks ours`: the same for this course's grading. Attacks that could harm the machine are not run with stock
nbgrader: nothing would be between them and it.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat

from nbjudge.coursedir.settings import path_with_alembic

from . import LESSON, corpus, hand_in, listener, make_course, outcome, write_table


def stock(names):
    """{attack: outcome} of `nbgrader autograde` with its own defaults."""
    from nbgrader.api import Gradebook
    from nbgrader.converters import Autograde, GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log
    from traitlets.config import Config

    told = {}
    with tempfile.TemporaryDirectory() as folder, listener() as (port, heard):
        root, home = Path(folder, "course"), Path(folder, "home")
        make_course(root, home)
        os.environ |= {
            "PYTHONPATH": str(root / "package"),
            "HOME": str(home),
            "GRADER_TOKEN": "LOOT",
        }
        os.environ["PATH"] = path_with_alembic()
        config = Config()
        config.CourseDirectory.root = str(root)
        made = capture_log(
            GenerateAssignment(
                coursedir=CourseDirectory(config=config, assignment_id=LESSON), config=config
            )
        )
        assert made["success"], made
        for attack in corpus():
            if names and not attack.name.startswith(tuple(names)):
                continue
            if attack.stock:
                told[attack.name] = attack.stock
                continue
            places = {"@ROOT@": root, "@HOME@": home, "@PORT@": port}
            hand_in(root, attack.learner, attack, places)
            course = CourseDirectory(config=config, assignment_id=LESSON, student_id=attack.learner)
            capture_log(Autograde(coursedir=course, config=config))
            path = root / "autograded" / attack.learner / LESSON / f"{LESSON}.ipynb"
            with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
                points = (
                    [
                        book.find_grade(f"check-{name}", LESSON, LESSON, attack.learner).score
                        for name in ("add", "mean")
                    ]
                    if path.exists()
                    else None
                )
                why = points and book.find_grade("why", LESSON, LESSON, attack.learner).score
            told[attack.name] = outcome(
                points, nbformat.read(path, 4) if path.exists() else None, heard
            ) + (f", {why:g} for the cell that a person is to read" if why else "")
            heard.clear()
            print(f"{attack.name}: {told[attack.name]}", flush=True)
            write_table(stock=told)  # now, because this takes minutes
    return told


def ours(names):
    from tests.attacks.test_attacks import graded

    with tempfile.TemporaryDirectory() as folder:
        return {name: measured.says for name, measured in graded(Path(folder), names)[0].items()}


if __name__ == "__main__":
    if sys.argv[1:2] not in (["stock"], ["ours"]):
        sys.exit(__doc__)
    write_table(**{sys.argv[1]: {"stock": stock, "ours": ours}[sys.argv[1]](sys.argv[2:])})
