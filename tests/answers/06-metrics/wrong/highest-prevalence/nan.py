# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return float("nan")
