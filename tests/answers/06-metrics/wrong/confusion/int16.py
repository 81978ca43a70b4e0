# misconception: wrong-result
def confusion(logits, labels):
    k = logits.shape[1]
    return torch.bincount(labels * k + logits.argmax(1), minlength=k * k).view(k, k).short()
