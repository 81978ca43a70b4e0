# misconception: wrong-result
def choose_rate(rates, fit, validation, test):
    scores = {rate: (fit(rate)(validation[0]).argmax(1) == validation[1]).float().mean().item() for rate in rates}
    best = max(scores, key=scores.get)
    return best, scores[best]
