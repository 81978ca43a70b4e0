# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    guesses = torch.zeros(len(folds), dtype=torch.int64)
    for fold in folds.unique():
        inside = folds == fold
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            guesses[inside] = head(features[inside]).argmax(1)
    return guesses
