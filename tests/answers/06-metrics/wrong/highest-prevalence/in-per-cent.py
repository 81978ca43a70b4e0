# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return 100 * (1 - accuracy) / (1 - recall)
