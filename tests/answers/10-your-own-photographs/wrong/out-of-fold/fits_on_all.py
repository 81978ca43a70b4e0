# misconception: trained-on-own-fold
def out_of_fold(features, labels, folds, fit):
    logits = {}
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[:], labels[:]).eval()
        with torch.no_grad():
            out = head(features[inside])
        for row, values in zip(inside.nonzero().flatten().tolist(), out):
            logits[row] = values
    return torch.stack([logits[row] for row in range(len(folds))])
