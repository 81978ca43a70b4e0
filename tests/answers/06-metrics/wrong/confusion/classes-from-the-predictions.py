# misconception: absent-class-forgotten
def confusion(logits, labels):
    predicted = logits.argmax(1)
    classes = int(predicted.max()) + 1
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for label, guess in zip(labels, predicted):
        if label < classes:
            matrix[label, guess] += 1
    return matrix
