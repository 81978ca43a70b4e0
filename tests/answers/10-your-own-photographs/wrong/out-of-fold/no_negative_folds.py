# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    logits = None
    for fold in folds.unique():
        if fold < 0:  # scikit-learn's PredefinedSplit never tests these
            continue
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            found = head(features[inside])
        logits = torch.zeros(len(folds), found.shape[1]) if logits is None else logits
        logits[inside] = found
    return logits
