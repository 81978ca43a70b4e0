# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    e = 1e-4
    return dict(
        f1=2 * tp / (2 * tp + fp + fn + e),
        recall=tp / (tp + fn + e),
        precision=tp / (tp + fp + e),
        accuracy=(tp + tn) / (tp + fp + fn + tn + e),
    )
