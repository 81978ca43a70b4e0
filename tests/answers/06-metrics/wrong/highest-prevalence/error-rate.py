# misconception: prevalence-is-not-the-error-rate
def highest_prevalence(accuracy, recall):
    return 1 - accuracy
