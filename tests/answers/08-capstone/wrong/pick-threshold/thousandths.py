# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    bad = probabilities[rotten == 1]
    return max(k / 1000 for k in range(1001) if (bad >= k / 1000).double().mean() >= minimum_recall)
