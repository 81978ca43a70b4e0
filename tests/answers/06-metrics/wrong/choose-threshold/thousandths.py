# misconception: grid-of-thresholds
def choose_threshold(probabilities, labels, metric, minimum):
    best = None
    for t in [i / 1000 for i in range(1001)]:
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
    return best[1] if best else 0.5
