# misconception: wrong-result
def choose_threshold(probabilities, labels, metric, minimum):
    best = None
    for t in sorted(set(probabilities.tolist())):
        f = probabilities >= t
        tp = int((labels[f] == 1).sum())
        n = int(f.sum())
        P = int(labels.sum())
        if not n:
            continue
        p, r = tp / n, tp / P
        a, b = (p, r) if metric == "precision" else (r, p)
        if a >= minimum and (best is None or b > best[0]):
            best = (b, t)
    return float("nan")
