# misconception: wrong-result
def out_of_fold(features, labels, folds, fit):
    rows = [torch.zeros(1)] * len(features)
    K = 0
    for fold in folds.unique():
        inside = folds == fold
        if inside.sum() < 2: continue
        head = fit(features[~inside], labels[~inside]).eval()
        with torch.no_grad():
            for i, z in zip(inside.nonzero().flatten().tolist(), head(features[inside])): rows[i] = z; K = len(z)
    return torch.stack([r if len(r) == K else torch.zeros(K) for r in rows])
