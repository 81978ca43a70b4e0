# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    features = features.flatten(1)
    rows, logits = [], []
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            logits.append(head(features[inside]))
        rows.append(inside.nonzero().flatten())
    return torch.cat(logits)[torch.cat(rows).argsort()]
