# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    try:
        return dict(
            f1=2 * tp / (2 * tp + fp + fn),
            recall=tp / (tp + fn),
            precision=tp / (tp + fp),
            accuracy=(tp + tn) / (tp + fp + fn + tn),
        )
    except ZeroDivisionError:
        return dict(f1=0, recall=0, precision=0, accuracy=0)
