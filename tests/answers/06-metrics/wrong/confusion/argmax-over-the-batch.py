# misconception: over-the-batch
def confusion(logits, labels):
    matrix = torch.zeros(logits.shape[1], logits.shape[1], dtype=torch.long)
    for guess, label in zip(logits.argmax(0), labels):
        matrix[label, guess] += 1
    return matrix
