def choose_threshold(probabilities, labels, metric, minimum):
    c = []
    for t in probabilities.unique():
        f = (probabilities >= t).float()
        tp = (f * labels).sum()
        p, r = tp / f.sum(), tp / labels.sum()
        a, b = (p, r) if metric == "precision" else (r, p)
        if a >= minimum:
            c.append((b.item(), t.item()))
    return max(c)[1]
