"""All servers run as one user of this machine: nbgrader takes a learner's name from the hub."""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
