# misconception: zero-division-undecided
import statistics


def four_metrics(tp, fp, fn, tn):
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    f1 = statistics.harmonic_mean([precision, recall])
    return {
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "support": tp + fn,
    }
