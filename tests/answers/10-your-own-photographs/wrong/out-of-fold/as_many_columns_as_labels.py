# misconception: absent-class-forgotten
def out_of_fold(features, labels, folds, fit):
    out = torch.zeros(len(features), int(labels.max()) + 1)
    for f in folds.unique():
        m = folds == f
        head = fit(features[~m], labels[~m]).eval()
        with torch.no_grad():
            out[m] = head(features[m])
    return out
