# misconception: folds-from-zero
def out_of_fold(features, labels, folds, fit):
    logits = None
    for fold in range(int(folds.min()), int(folds.max()) + 1):
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            found = head(features[inside])
        logits = torch.zeros(len(folds), found.shape[1]) if logits is None else logits
        logits[inside] = found
    return logits
