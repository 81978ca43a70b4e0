# misconception: graph-kept
def out_of_fold(features, labels, folds, fit):
    rows, logits = [], []
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        logits.append(head(features[inside]))
        rows.append(inside.nonzero().flatten())
    return torch.cat(logits)[torch.cat(rows).argsort()]
