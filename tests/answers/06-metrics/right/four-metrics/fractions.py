from fractions import Fraction


def four_metrics(tp, fp, fn, tn):
    s = lambda a, b: Fraction(a, b) if b else Fraction(0)
    return dict(
        accuracy=s(tp + tn, tp + fp + fn + tn),
        precision=s(tp, tp + fp),
        recall=s(tp, tp + fn),
        f1=s(2 * tp, 2 * tp + fp + fn),
    )
