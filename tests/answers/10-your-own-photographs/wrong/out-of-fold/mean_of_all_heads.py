# misconception: trained-on-own-fold
def out_of_fold(features, labels, folds, fit):
    heads = [fit(features[folds != f], labels[folds != f]).eval() for f in folds.unique()]
    with torch.no_grad():
        return heads[0](features)
