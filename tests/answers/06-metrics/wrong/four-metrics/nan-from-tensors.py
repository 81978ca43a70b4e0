# misconception: zero-division-undecided
def four_metrics(tp, fp, fn, tn):
    tp, fp, fn, tn = (torch.tensor(float(n)) for n in (tp, fp, fn, tn))
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    return {"accuracy": (tp + tn) / (tp + fp + fn + tn), "precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}
