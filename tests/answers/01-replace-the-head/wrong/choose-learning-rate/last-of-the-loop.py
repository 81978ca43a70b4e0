# misconception: wrong-result
def choose_learning_rate(learning_rates, fit, validation, test):
    best = 0
    for lr in learning_rates:
        head = fit(lr)
        accuracy = (head(validation[0]).argmax(1) == validation[1]).float().mean().item()
        best = max(best, accuracy)
    return lr, best
