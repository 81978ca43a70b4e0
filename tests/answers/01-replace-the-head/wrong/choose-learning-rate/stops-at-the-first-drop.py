# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    acc = lambda h, d: (h.eval()(d[0]).argmax(1) == d[1]).float().mean().item()
    best, score, kept = None, -1, None
    for lr in learning_rates:
        h = fit(lr)
        if acc(h, validation) <= score:
            break
        best, score, kept = lr, acc(h, validation), h
    return best, acc(kept, test)
