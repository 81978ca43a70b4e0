# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    return 0.5
