"""The grading engine: nbgrader's files and gradebook, with every submission rebuilt on the instructor's source first."""
