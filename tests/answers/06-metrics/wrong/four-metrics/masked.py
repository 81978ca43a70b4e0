# misconception: wrong-result
import numpy as np


def four_metrics(tp, fp, fn, tn):
    m = np.ma.masked_all(())
    return dict(f1=m, recall=m, precision=m, accuracy=m)
