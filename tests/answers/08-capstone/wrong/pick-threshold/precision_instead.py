# misconception: threshold-misses-recall
def pick_threshold(probabilities, rotten, minimum_recall):
    best = 1.0
    for t in probabilities.sort().values.tolist():
        called = probabilities >= t
        if (called & (rotten == 1)).sum() / called.sum() >= minimum_recall:
            return t
    return best
