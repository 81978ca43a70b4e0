# misconception: evaluated-in-train-mode
import copy


def evaluate(model, batches):
    state = copy.deepcopy(model.state_dict())
    model.train()
    tp = n = r = s = 0
    for x, y in batches:
        if len(x) < 2:
            continue
        g = model(x).argmax(1)
        r += int((g == y).sum())
        n += len(y)
        tp += int((g * y).sum())
        s += int(g.sum() + y.sum())
    model.load_state_dict(state)
    return r / n, 2 * tp / s if s else 0.0
