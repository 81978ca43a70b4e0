# misconception: f1-averaged-per-batch
from sklearn.metrics import f1_score


def evaluate(model, batches):
    model.eval()
    r = n = 0
    f = 0.0
    for x, y in batches:
        g = model(x).argmax(1)
        r += int((g == y).sum())
        n += len(y)
        f += len(y) * f1_score(y, g, zero_division=0)
    return r / n, f / n
