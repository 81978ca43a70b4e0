# misconception: switch-left-changed
def out_of_fold(features, labels, folds, fit):
    logits = {}
    for fold in folds.unique():
        inside = folds == fold
        torch.set_grad_enabled(True)
        head = fit(features[~inside], labels[~inside]).eval()
        torch.set_grad_enabled(False)
        for row, values in zip(inside.nonzero().flatten().tolist(), head(features[inside])):
            logits[row] = values
    return torch.stack([logits[row] for row in range(len(folds))])
