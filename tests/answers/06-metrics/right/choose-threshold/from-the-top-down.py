def choose_threshold(probabilities, labels, purpose, least):
    chosen, best = None, None
    for threshold in sorted(set(probabilities.tolist()), reverse=True):
        flags = probabilities >= threshold
        tp, count = int(labels[flags].sum()), int(flags.sum())
        precision, recall = tp / count, tp / int(labels.sum())
        meets = precision >= least if purpose == "precision" else recall >= least
        score = recall if purpose == "precision" else precision
        if meets and (best is None or score > best):
            chosen, best = threshold, score
    return chosen
