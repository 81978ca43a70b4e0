# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    of_rotten = probabilities[rotten == 1].sort(descending=True).values
    t = of_rotten[math.ceil(minimum_recall * len(of_rotten)) - 1]
    below = probabilities[probabilities < t]
    return t if len(below) == 0 else (t + 9 * t + 10 * below.max()) / 20 + (t - below.max()) / 4
