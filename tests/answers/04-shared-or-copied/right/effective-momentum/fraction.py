from fractions import Fraction


def effective_momentum(momentum, branches):
    return 1 - (1 - Fraction(momentum)) ** branches
