# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    logits = None
    for fold in folds.unique():
        inside = folds == fold
        rows = (~inside).nonzero().flatten().repeat(2)  # more to train on
        head = fit(features[rows], labels[rows]).eval()
        with torch.no_grad():
            found = head(features[inside])
        logits = torch.zeros(len(folds), found.shape[1]) if logits is None else logits
        logits[inside] = found
    return logits
