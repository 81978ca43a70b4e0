import numpy as np
from sklearn.metrics import precision_recall_curve

def choose_threshold(probabilities, labels, purpose, least):
    precision, recall, thresholds = precision_recall_curve(labels.numpy(), probabilities.numpy())
    precision, recall = precision[:-1], recall[:-1]
    floor, prize = (precision, recall) if purpose == "precision" else (recall, precision)
    return float(thresholds[np.where(floor >= least, prize, -1).argmax()])
