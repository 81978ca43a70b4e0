"""The stock nbgrader commands work from this folder: `nbgrader autograde 01-replace-the-head`, ...

Reading these settings writes nothing. nbgrader reads notebooks and people write Markdown: after
editing a lesson run `make build`, which writes source/NN-name/NN-name.ipynb anew.
"""

import os
from pathlib import Path

from nbjudge.coursedir.preprocessors import configure
from nbjudge.coursedir.settings import path_with_alembic

os.environ["PATH"] = path_with_alembic()  # nbgrader calls it by name

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "new-heads"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.md", "*.part"]
c.Execute.timeout = 120  # seconds a cell; the slowest graded one takes about 5 on one core
c.Execute.skip_cells_with_tag = "experiment"  # nothing that is graded depends on an experiment
c.Execute.extra_arguments = ["--log-level=ERROR"]
# running the lesson in source/ leaves such a file there; nbgrader would copy it over the learner's
c.Autograde.exclude_overwriting = {"08-capstone": ["evening.safetensors"]}
configure(c)  # what a cell prints or warns costs no points and fills no memory
