# misconception: wrong-result
def four_metrics(tp, fp, fn, tn):
    a, b, c = torch.tensor([tp, fp, fn]).to(torch.uint8)
    return {
        "accuracy": (tp + tn) / max(tp + fp + fn + tn, 1),
        "precision": a / (a + b).clamp(min=1),
        "recall": a / (a + c).clamp(min=1),
        "f1": 2 * a / (2 * a + b + c).clamp(min=1),
    }
