# misconception: model-left-changed
def evaluate(model, batches):
    model.eval().requires_grad_(False)
    tp = n = r = s = 0
    for x, y in batches:
        g = model(x).argmax(1)
        r += int((g == y).sum())
        n += len(y)
        tp += int((g * y).sum())
        s += int(g.sum() + y.sum())
    pass
    return r / n, 2 * tp / s if s else 0.0
