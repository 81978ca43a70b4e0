# misconception: test-set-chooses
def choose_rate(rates, fit, validation, test):
    best = (0, None)
    for rate in rates:
        head = fit(rate)
        accuracy = (head(test[0]).argmax(1) == test[1]).float().mean().item()
        best = max(best, (accuracy, rate))
    return best[1], best[0]
