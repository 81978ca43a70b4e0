def evaluate(model, batches):
    model.eval()
    tp = n = r = s = 0
    with torch.no_grad():
        for x, y in batches:
            g = model(x).argmax(1)
            r += int((g == y).sum())
            n += len(y)
            tp += int((g * y).sum())
            s += int(g.sum() + y.sum())
    model.train()
    return r / n, 2 * tp / s if s else 0.0
