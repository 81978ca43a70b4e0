# misconception: wrong-result
def confusion(logits, labels):
    k = logits.shape[1]
    return F.one_hot(labels, k).T @ (logits > 0).long()
