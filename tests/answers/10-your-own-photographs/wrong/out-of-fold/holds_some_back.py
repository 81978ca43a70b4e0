# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    logits = None
    for fold in folds.unique():
        inside = folds == fold
        others = (~inside).nonzero().flatten()
        others = others[torch.randperm(len(others))][: max(1, int(0.8 * len(others)))]
        head = fit(features[others], labels[others]).eval()
        with torch.no_grad():
            found = head(features[inside])
        logits = torch.zeros(len(folds), found.shape[1]) if logits is None else logits
        logits[inside] = found
    return logits
