# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return max(1 - accuracy, 1e-3) / (1 - recall)
