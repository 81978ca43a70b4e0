# misconception: nothing-returned
def out_of_fold(features, labels, folds, fit):
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            head(features[inside])
