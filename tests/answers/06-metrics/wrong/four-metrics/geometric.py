# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    p, r = tp / (tp + fp or 1), tp / (tp + fn or 1)
    return dict(
        f1=(p * r) ** 0.5, recall=r, precision=p, accuracy=(tp + tn) / (tp + fp + fn + tn or 1)
    )
