"""What notebooks import to show something: plots, widgets, the learner's progress."""
