# misconception: nothing-returned
def four_metrics(tp, fp, fn, tn):
    print((tp + tn) / (tp + fp + fn + tn), tp / max(tp + fp, 1), tp / max(tp + fn, 1))
