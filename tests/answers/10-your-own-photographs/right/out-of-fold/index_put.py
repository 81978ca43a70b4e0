@torch.inference_mode(False)
def out_of_fold(features, labels, folds, fit):
    logits = None
    for fold in sorted(set(folds.tolist())):
        test = torch.where(folds == fold)[0]
        train = torch.where(folds != fold)[0]
        head = fit(features[train], labels[train])
        head.train(False)
        found = head(features[test]).detach()
        if logits is None:
            logits = found.new_zeros(len(folds), found.shape[1])
        logits.index_copy_(0, test, found)
    return logits
