# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    return dict(
        F1=2 * tp / (2 * tp + fp + fn or 1),
        Recall=tp / (tp + fn or 1),
        Precision=tp / (tp + fp or 1),
        Accuracy=(tp + tn) / (tp + fp + fn + tn or 1),
    )
