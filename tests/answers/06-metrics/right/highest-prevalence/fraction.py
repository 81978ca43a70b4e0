from fractions import Fraction


def highest_prevalence(accuracy, recall):
    return (1 - Fraction(str(accuracy))) / (1 - Fraction(str(recall)))
