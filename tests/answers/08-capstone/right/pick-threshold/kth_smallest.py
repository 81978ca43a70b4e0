def pick_threshold(probabilities, rotten, minimum_recall):
    of_rotten = probabilities[rotten == 1]
    missed = int((1 - minimum_recall) * len(of_rotten) + 1e-9)
    return float(of_rotten.kthvalue(missed + 1).values)
