# misconception: wrong-result
@torch.no_grad()
def out_of_fold(features, labels, folds, fit):
    out = None
    for fold in folds.unique():
        inside = folds == fold
        found = fit(features[~inside], labels[~inside]).eval()(features[inside])
        out = found.new_zeros(len(folds), found.shape[1]) if out is None else out
        out[inside] = found
    return out
