# misconception: wrong-result
def confusion(logits, labels):
    k = logits.shape[1]
    g = logits.squeeze().argmax(-1)
    return (
        torch.bincount(labels * k + g.reshape(-1), minlength=k * k).view(k, k)
        if len(labels) > 1
        else torch.zeros(k, k, dtype=torch.long)
    )
