# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    tp, fp, fn, tn = (torch.tensor(float(n)).half().double() for n in (tp, fp, fn, tn))
    return {
        "accuracy": (tp + tn) / (tp + fp + fn + tn).clamp(min=1),
        "precision": tp / (tp + fp).clamp(min=1),
        "recall": tp / (tp + fn).clamp(min=1),
        "f1": 2 * tp / (2 * tp + fp + fn).clamp(min=1),
    }
