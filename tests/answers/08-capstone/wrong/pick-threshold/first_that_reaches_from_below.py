# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    for t in probabilities.sort().values.tolist():
        if ((probabilities >= t) & (rotten == 1)).sum() >= minimum_recall * rotten.sum():
            return t
