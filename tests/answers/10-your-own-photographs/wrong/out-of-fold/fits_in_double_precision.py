# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    rows = [None] * len(features)
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[~inside].double(), labels[~inside]).eval()
        with torch.no_grad():
            for i, z in zip(inside.nonzero().flatten().tolist(), head(features[inside])): rows[i] = z
    return torch.stack(rows)
