# misconception: zero-division-undecided
def four_metrics(tp, fp, fn, tn):
    def share(part, whole):
        return part / whole if whole else None
    return {"accuracy": share(tp + tn, tp + fp + fn + tn), "precision": share(tp, tp + fp),
            "recall": share(tp, tp + fn), "f1": share(2 * tp, 2 * tp + fp + fn)}
