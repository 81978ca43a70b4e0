import numpy as np
from sklearn.metrics import precision_recall_curve


def choose_threshold(probabilities, labels, metric, minimum):
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    required, other = (precision[:-1], recall[:-1])
    if metric == "recall":
        required, other = other, required
    best = other[required >= minimum].max()
    return thresholds[np.argwhere((required >= minimum) & (other == best))[0]]
