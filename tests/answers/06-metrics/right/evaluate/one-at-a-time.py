def evaluate(model, batches):
    model.train(False)
    c = [0] * 4
    for x, y in batches:
        for a, b in zip(x, y):
            c[2 * int(b) + int(model(a[None]).softmax(1)[0, 1] >= 0.5)] += 1
    tn, fp, fn, tp = c
    return [(tp + tn) / sum(c), 2 * tp / (2 * tp + fp + fn) if tp else 0]
