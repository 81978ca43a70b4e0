# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    heads = {lr: fit(lr) for lr in learning_rates}
    acc = lambda h, d: round((h(d[0]).argmax(1) == d[1]).float().mean().item(), 1)
    best = max(heads, key=lambda lr: acc(heads[lr], validation))
    return best, acc(heads[best], test)
