# misconception: precision-recall-swapped
def choose_threshold(probabilities, labels, purpose, least):
    best, chosen = -1.0, None
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        tp = (flags & (labels == 1)).sum().item()
        precision, recall = tp / flags.sum().item(), tp / labels.sum().item()
        accuracy = (flags == (labels == 1)).float().mean().item()
        floor, prize = (recall, precision) if purpose == "precision" else (precision, recall)
        if floor >= least and prize > best:
            best, chosen = prize, threshold
    return chosen
