def four_metrics(tp, fp, fn, tn):
    s = lambda a, b: torch.nan_to_num(torch.tensor(float(a)) / torch.tensor(float(b)))
    return dict(
        accuracy=s(tp + tn, tp + fp + fn + tn),
        precision=s(tp, tp + fp),
        recall=s(tp, tp + fn),
        f1=s(2 * tp, 2 * tp + fp + fn),
    )
