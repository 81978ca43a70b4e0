def confusion(logits, labels):
    highest = logits == logits.amax(1, keepdim=True)
    return F.one_hot(labels, logits.shape[1]).T @ highest.long()
