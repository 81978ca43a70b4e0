"""The stock nbgrader commands work from this folder: `nbgrader generate_assignment 01-replace-the-head`, `autograde`, ..."""

import os
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"]]
)  # nbgrader calls `alembic` by name

from course.authoring.build import write_sources  # noqa: E402
from nbjudge.coursedir.preprocessors import configure  # noqa: E402

write_sources()  # nbgrader reads notebooks, people write Markdown

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "new-heads"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.md", "*.part"]
c.Execute.timeout = 120  # seconds a cell; the slowest graded one takes about 5 on one core
c.Execute.skip_cells_with_tag = "experiment"  # nothing that is graded depends on an experiment
c.Execute.extra_arguments = ["--log-level=ERROR"]
c.Autograde.exclude_overwriting = {
    "07-capstone": ["evening.safetensors"]
}  # who runs the lesson in source/ leaves one there
configure(c)  # what a cell prints or warns costs no points and fills no memory
