"""nbgrader's files, settings and gradebook, in nbgrader's words."""
