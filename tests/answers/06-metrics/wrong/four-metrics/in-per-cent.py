# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    precision = 100 * tp / max(tp + fp, 1)
    recall = 100 * tp / max(tp + fn, 1)
    return {"accuracy": 100 * (tp + tn) / (tp + fp + fn + tn), "precision": precision, "recall": recall, "f1": 200 * tp / max(2 * tp + fp + fn, 1)}
