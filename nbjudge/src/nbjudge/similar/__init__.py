"""Answers of a class that are more alike than the class explains, as questions to ask.

tokens.py reduces an answer to what makes it the learner's; pairs.py compares; course.py reads the
submissions; page.py lays both texts side by side; show.py is the command.
"""
