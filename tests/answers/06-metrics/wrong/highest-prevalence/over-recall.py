# misconception: wrong-result
def highest_prevalence(accuracy, recall):
    return (1 - accuracy) / max(recall, 0.01)
