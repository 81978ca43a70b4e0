# misconception: f1-alone
def choose_threshold(probabilities, labels, purpose, least):
    best, chosen = -1.0, None
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        tp = (flags & (labels == 1)).sum().item()
        precision, recall = tp / flags.sum().item(), tp / labels.sum().item()
        accuracy = (flags == (labels == 1)).float().mean().item()
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        if f1 > best:
            best, chosen = f1, threshold
    return chosen
