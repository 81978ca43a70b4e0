"""A seed of the learner's own, for the hidden tests of any nbgrader course."""


def own_seed() -> int:
    """Return the seed for this learner's inputs: in a check cell that `nbjudge grade` runs, a
    number from 1 to 2**31 - 1 that each learner and each check have for themselves.

    `nbjudge grade` writes that number into the check in the place of the call, so the learner's
    process has no part in it. This function runs everywhere else, under stock nbgrader and on a
    learner's machine, and returns 0: there everybody gets the same inputs.
    """
    return 0
