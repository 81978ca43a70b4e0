# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    acc = lambda h, d: (h(d[0]).argmax(1) == d[1]).float().mean().item()
    heads = {lr: fit(lr) for lr in learning_rates}
    best = max(heads, key=lambda lr: acc(heads[lr], validation))
    return acc(heads[best], test), best
