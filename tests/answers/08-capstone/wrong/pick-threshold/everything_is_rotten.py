# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    return 0.0
