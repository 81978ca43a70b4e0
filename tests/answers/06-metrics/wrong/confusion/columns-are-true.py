# misconception: matrix-transposed
def confusion(logits, labels):
    matrix = torch.zeros(logits.shape[1], logits.shape[1], dtype=torch.long)
    for guess, label in zip(logits.argmax(1), labels):
        matrix[guess, label] += 1
    return matrix
