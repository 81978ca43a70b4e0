# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return 0.02 / 0.88
