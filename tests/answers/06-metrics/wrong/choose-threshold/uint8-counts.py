# misconception: wrong-result
def choose_threshold(probabilities, labels, metric, minimum):
    options = [(-1.0, 0.5)]
    positive = labels.sum().byte().item()
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        tp, count = labels[flags].sum().byte().item(), flags.sum().byte().item()
        precision, recall = tp / max(count, 1), tp / max(positive, 1)
        required, other = (precision, recall) if metric == "precision" else (recall, precision)
        if required >= minimum:
            options.append((other, threshold))
    return max(options)[1]
