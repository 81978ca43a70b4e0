# misconception: nothing-returned
def highest_prevalence(accuracy, recall):
    print((1 - accuracy) / (1 - recall))
