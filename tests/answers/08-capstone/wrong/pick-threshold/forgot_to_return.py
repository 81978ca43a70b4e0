# misconception: nothing-returned
def pick_threshold(probabilities, rotten, minimum_recall):
    probabilities[rotten == 1].sort().values
