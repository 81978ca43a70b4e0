# misconception: wrong-result
def confusion(logits, labels):
    k = logits.shape[1]
    matrix = torch.zeros(k, k, dtype=torch.int64)
    matrix[labels, logits.argmax(1)] = 1
    return matrix
