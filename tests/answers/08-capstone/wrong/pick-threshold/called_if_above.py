# misconception: lower-than-needed
def pick_threshold(probabilities, rotten, minimum_recall):
    of_rotten = probabilities[rotten == 1].tolist()
    for t in [*probabilities.sort(descending=True).values.tolist(), 0.0]:
        if sum(p > t for p in of_rotten) / len(of_rotten) >= minimum_recall:
            return t
