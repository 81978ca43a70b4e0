def highest_prevalence(accuracy, recall):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 1 - middle * (1 - recall) >= accuracy:  # no false alarms: the best it can do
            low = middle
        else:
            high = middle
    return low
