# misconception: batch-dimension-lost
def confusion(logits, labels):
    k = logits.shape[1]
    matrix = torch.zeros(k, k, dtype=torch.int64)
    for label, guess in zip(labels, logits.squeeze().argmax(-1)):
        matrix[label, guess] += 1
    return matrix
