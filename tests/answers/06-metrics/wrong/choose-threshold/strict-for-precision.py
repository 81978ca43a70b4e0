# misconception: at-least-includes-equal
def choose_threshold(probabilities, labels, metric, minimum):
    options = []
    for threshold in probabilities.unique().tolist():
        flags = probabilities >= threshold
        tp = labels[flags].sum().item()
        precision, recall = tp / flags.sum().item(), tp / labels.sum().item()
        if metric == "precision" and precision > minimum:
            options.append((recall, threshold))
        if metric == "recall" and recall >= minimum:
            options.append((precision, threshold))
    return max(options)[1]
