# misconception: nothing-returned
def choose_threshold(probabilities, labels, purpose, least):
    print(probabilities.median())
