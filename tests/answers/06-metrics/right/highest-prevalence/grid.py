import numpy as np


def highest_prevalence(accuracy, recall):
    p = np.linspace(0, 1, 100001)
    return p[1 - p * (1 - recall) >= accuracy - 1e-12].max()
