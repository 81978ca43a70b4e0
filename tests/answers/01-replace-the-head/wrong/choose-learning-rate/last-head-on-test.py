# misconception: test-set-for-all
def choose_learning_rate(learning_rates, fit, validation, test):
    best, score = None, -1.0
    for lr in learning_rates:
        head = fit(lr)
        found = (head(validation[0]).argmax(1) == validation[1]).float().mean().item()
        if found > score:
            best, score = lr, found
    return best, (head(test[0]).argmax(1) == test[1]).float().mean().item()
