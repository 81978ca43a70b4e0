import numpy as np


def four_metrics(tp, fp, fn, tn):
    a = np.array([tp + tn, tp, tp, 2 * tp], float)
    b = np.array([tp + fp + fn + tn, tp + fp, tp + fn, 2 * tp + fp + fn], float)
    return dict(
        zip(
            ["accuracy", "precision", "recall", "f1"], np.divide(a, b, out=np.zeros(4), where=b > 0)
        )
    )
