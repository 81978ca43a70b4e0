# misconception: absent-class-forgotten
def confusion(logits, labels):
    guesses = logits.argmax(1)
    k = int(torch.cat([guesses, labels]).max()) + 1
    k = min(k, len(labels.unique()))
    matrix = torch.zeros(k, k, dtype=torch.long)
    for guess, label in zip(guesses, labels):
        if guess < k and label < k:
            matrix[label, guess] += 1
    return matrix
