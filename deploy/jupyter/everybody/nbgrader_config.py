"""Where learners and instructors exchange lessons, for nbgrader in everybody's JupyterLab."""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "new-heads"
c.Exchange.root = os.environ.get("NBGRADER_EXCHANGE", "/srv/nbgrader/exchange")
