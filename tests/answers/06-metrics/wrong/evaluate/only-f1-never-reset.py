# misconception: metric-never-reset
C = [0, 0]


def evaluate(model, batches):
    model.eval()
    r = n = 0
    for x, y in batches:
        g = model(x).argmax(1)
        r += int((g == y).sum())
        n += len(y)
        C[0] += int((g * y).sum())
        C[1] += int(g.sum() + y.sum())
    return r / n, 2 * C[0] / C[1]
