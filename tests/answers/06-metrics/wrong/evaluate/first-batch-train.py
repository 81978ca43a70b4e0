# misconception: evaluated-in-train-mode
def evaluate(model, batches):
    tp = n = r = s = 0
    for x, y in batches:
        g = model(x).argmax(1)
        model.eval()
        r += int((g == y).sum())
        n += len(y)
        tp += int((g * y).sum())
        s += int(g.sum() + y.sum())
    return r / n, 2 * tp / s if s else 0.0
