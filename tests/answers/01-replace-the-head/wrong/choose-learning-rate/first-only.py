# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    acc = lambda h, d: (h(d[0]).argmax(1) == d[1]).float().mean().item()
    for lr in learning_rates:
        head = fit(lr)
        if acc(head, validation) > 0.45:
            return lr, acc(head, test)
    return lr, acc(head, test)
