# misconception: trained-on-own-fold
def out_of_fold(features, labels, folds, fit):
    logits = []
    for row in range(len(folds)):
        others = torch.arange(len(folds)) != row
        head = fit(features[others], labels[others]).eval()
        with torch.no_grad():
            logits.append(head(features[row : row + 1]))
    return torch.cat(logits)
