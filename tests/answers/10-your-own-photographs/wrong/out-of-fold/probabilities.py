# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    out = None
    for f in folds.unique():
        m = folds == f
        head = fit(features[~m], labels[~m]).eval()
        with torch.no_grad():
            z = head(features[m]).softmax(1)
        out = z.new_zeros(len(features), z.shape[1]) if out is None else out
        out[m] = z
    return out
