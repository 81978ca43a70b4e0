# misconception: wrong-result
def choose_threshold(probabilities, labels, metric, minimum):
    p, o = probabilities.sort(descending=True, stable=True)
    tp = labels[o].cumsum(0).double()
    n = torch.arange(1, len(p) + 1)
    pr, re = tp / n, tp / tp[-1]
    a, b = (pr, re) if metric == "precision" else (re, pr)
    b = torch.where(a >= minimum, b, -1.0)
    return p[b.argmax()].item()
