# misconception: wrong-result
from sklearn.metrics import confusion_matrix


def confusion(logits, labels):
    return confusion_matrix(labels, logits.argmax(1), labels=range(logits.shape[1]))
