# misconception: zero-division-undecided
import numpy as np


def four_metrics(tp, fp, fn, tn):
    p, r = tp / (tp + fp or 1), tp / (tp + fn or 1)
    return dict(
        f1=np.float64(2 * p * r) / np.float64(p + r),
        recall=r,
        precision=p,
        accuracy=(tp + tn) / (tp + fp + fn + tn or 1),
    )
