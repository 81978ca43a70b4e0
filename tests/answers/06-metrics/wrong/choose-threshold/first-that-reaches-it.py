# misconception: other-metric-ignored
def choose_threshold(probabilities, labels, purpose, least):
    best, chosen = -1.0, None
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        tp = (flags & (labels == 1)).sum().item()
        precision, recall = tp / flags.sum().item(), tp / labels.sum().item()
        accuracy = (flags == (labels == 1)).float().mean().item()
        floor = precision if purpose == "precision" else recall
        if floor >= least and chosen is None:
            chosen = threshold
    return chosen
