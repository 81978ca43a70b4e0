"""Grading a class: which submissions run, in which order, and what is recorded of them."""
