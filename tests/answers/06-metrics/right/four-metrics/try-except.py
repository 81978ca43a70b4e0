def four_metrics(tp, fp, fn, tn):
    def s(f):
        try:
            return f()
        except ZeroDivisionError:
            return 0

    p, r = s(lambda: tp / (tp + fp)), s(lambda: tp / (tp + fn))
    return {
        "accuracy": s(lambda: (tp + tn) / (tp + fp + fn + tn)),
        "precision": p,
        "recall": r,
        "f1": s(lambda: 2 / (1 / p + 1 / r)),
    }
