def four_metrics(tp, fp, fn, tn):
    top = torch.tensor([tp + tn, tp, tp, 2 * tp]).double()
    bottom = torch.tensor([tp + fp + fn + tn, tp + fp, tp + fn, 2 * tp + fp + fn])
    return dict(zip(("accuracy", "precision", "recall", "f1"), top / bottom.clamp(min=1)))
