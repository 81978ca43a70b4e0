"""The course's own settings, wherever an instructor's server and its terminals are started."""

import os

load_subconfig(os.path.join(os.environ["COURSE_FOLDER"], "nbgrader_config.py"))  # noqa: F821
