# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    heads = {}
    for fold in folds.tolist():
        if fold not in heads:
            heads[fold] = fit(features[folds != fold], labels[folds != fold]).eval()
    with torch.no_grad():
        return torch.stack([heads[f](row) for f, row in zip(folds.tolist(), features)])
