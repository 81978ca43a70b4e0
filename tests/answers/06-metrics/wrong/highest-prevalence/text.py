# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return f"{(1 - accuracy) / (1 - recall):.2%}"
