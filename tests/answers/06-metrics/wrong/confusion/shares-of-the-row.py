# misconception: wrong-result
def confusion(logits, labels):
    k = logits.shape[1]
    matrix = torch.bincount(labels * k + logits.argmax(1), minlength=k * k).view(k, k)
    return matrix / matrix.sum(1, keepdim=True).clamp(min=1)
