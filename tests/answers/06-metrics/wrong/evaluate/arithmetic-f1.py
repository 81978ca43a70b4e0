# misconception: arithmetic-f1
def evaluate(model, batches):
    model.eval()
    tp = n = r = a = b = 0
    for x, y in batches:
        g = model(x).argmax(1)
        r += int((g == y).sum())
        n += len(y)
        tp += int((g * y).sum())
        a += int(g.sum())
        b += int(y.sum())
    return r / n, (tp / max(a, 1) + tp / max(b, 1)) / 2
