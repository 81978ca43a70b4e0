# misconception: trained-on-own-fold
def out_of_fold(features, labels, folds, fit):
    head = fit(features, labels).eval()
    with torch.no_grad():
        return head(features)
