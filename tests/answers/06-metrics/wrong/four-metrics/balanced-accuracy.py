# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return {
        "accuracy": (recall + tn / max(tn + fp, 1)) / 2,
        "precision": precision,
        "recall": recall,
        "f1": 2 * tp / max(2 * tp + fp + fn, 1),
    }
