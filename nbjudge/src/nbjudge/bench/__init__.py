"""How long grading takes: one class, graded with stock nbgrader and with nbjudge on this machine.

The class is made from an answer bank: of five answers three are the reference's, and the other
two are wrong ones or unusual right ones. Both graders start from a released assignment, and both
skip the cells that the course's settings skip. No grader can be faster than the limit: the time
that the cells themselves take, divided by the number of workers.
"""
