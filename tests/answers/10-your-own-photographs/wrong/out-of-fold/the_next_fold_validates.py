# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    logits = None
    names = folds.unique().tolist()
    for fold, validation in zip(names, names[1:] + names[:1]):
        inside = folds == fold
        others = ~inside & (folds != validation)
        head = fit(features[others], labels[others]).eval()
        with torch.no_grad():
            found = head(features[inside])
        logits = torch.zeros(len(folds), found.shape[1]) if logits is None else logits
        logits[inside] = found
    return logits
