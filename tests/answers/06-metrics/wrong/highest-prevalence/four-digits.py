# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return round((1 - accuracy) / (1 - recall), 4)
