# misconception: wrong-result
def pick_threshold(probabilities, rotten, minimum_recall):
    return probabilities >= 0.5
